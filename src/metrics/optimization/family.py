"""Optimization: how far, and along what, training moved the weights."""

from src.metrics.metric import Metric


def _of_weights(
    name: str,
    needs: str,
    unit: str,
    module: str = "",
    parts: bool = True,
    change: str = "none",
    extra: bool = False,
) -> Metric:
    """A metric of weight tensors: no number of it is made of samples."""
    location = f"src.metrics.optimization.{module or name}.{name}"
    return Metric(
        name=name,
        family="optimization",
        needs=needs,
        unit=unit,
        min_samples=0,
        function=location,
        parts=f"{location}_parts" if parts else None,
        change=change,
        extra=extra,
    )


METRICS = (
    _of_weights("weight_change", "weights", unit="", change="distance"),
    _of_weights(
        "weight_change_paper",
        "weights",
        unit="unit of a weight",
        module="weight_change",
        change="distance",
        extra=True,
    ),
    _of_weights("update_effective_rank", "matrices", unit="directions", module="update_rank"),
    _of_weights("update_stable_rank", "matrices", unit="directions", module="update_rank"),
    _of_weights("singular_rotation", "matrices", unit="rad", change="distance"),
    _of_weights("update_leading_share", "matrices", unit="", module="singular_directions", extra=True),
    _of_weights("singular_value_change", "matrices", unit="", module="singular_directions", extra=True),
    _of_weights("update_gradient_cosine", "update_gradients", unit="", parts=False),
    _of_weights("gradient_norm", "step_gradients", unit="nats over the unit of a weight", parts=False),
    _of_weights(
        "gradient_norm_paper",
        "tensor_gradients",
        unit="nats over the unit of a weight",
        module="gradient_norm",
        parts=False,
        extra=True,
    ),
    _of_weights(
        "gradient_signal_to_noise",
        "mean_gradients",
        unit="",
        module="signal_to_noise",
        parts=False,
        extra=True,
    ),
    Metric(
        name="fisher_trace",
        family="optimization",
        needs="row_gradients",
        unit="nats^2 over the squared unit of a weight",
        min_samples=1,
        function="src.metrics.optimization.fisher_trace.fisher_trace",
        interval="mean",
        change="none",
    ),
    _of_weights("objective_cosine_distance", "objectives", unit="", module="gradient_distance"),
    _of_weights("objective_procrustes_distance", "objectives", unit="", module="gradient_distance"),
)
