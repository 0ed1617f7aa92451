"""Optimization: how far, and along what, training moved the weights."""

from functools import partial

from src.metrics.metric import Metric

_metric = partial(Metric, family="optimization", min_samples=0, change="none")
_weights = partial(_metric, needs="weights")
_gradients = partial(_metric, needs="gradients")
_objectives = partial(_metric, needs="objectives", unit="")
_HERE = "src.metrics.optimization"

METRICS = (
    _weights(
        name="weight_change",
        unit="",
        function="src.probe.weights.weight_change.weight_change",
        change="distance",
    ),
    _weights(
        name="update_effective_rank", unit="directions", function=f"{_HERE}.update_rank.update_effective_rank"
    ),
    _weights(
        name="update_stable_rank", unit="directions", function=f"{_HERE}.update_rank.update_stable_rank"
    ),
    _weights(
        name="singular_rotation",
        unit="rad",
        function=f"{_HERE}.singular_rotation.singular_rotation",
        change="distance",
    ),
    _gradients(
        name="update_gradient_cosine",
        unit="",
        function=f"{_HERE}.update_gradient_cosine.update_gradient_cosine",
    ),
    _gradients(
        name="gradient_norm",
        unit="nats over the unit of a weight",
        function="src.probe.gradients.gradient_norm.gradient_norm",
    ),
    _gradients(
        name="fisher_trace",
        unit="nats^2 over the squared unit of a weight",
        function="src.probe.gradients.at_weights.fisher_trace",
        min_samples=1,
        interval="mean",
    ),
    _objectives(
        name="objective_cosine_distance", function=f"{_HERE}.gradient_distance.objective_cosine_distance"
    ),
    _objectives(
        name="objective_procrustes_distance",
        function=f"{_HERE}.gradient_distance.objective_procrustes_distance",
    ),
)
