"""Optimization: how far, and along what, training moved the weights."""

from src.metrics.metric import Metric


def _row(name: str, needs: str, function: str, estimator: str, change: str, **sampled: object) -> Metric:
    return Metric(
        name=name,
        family="optimization",
        needs=needs,
        estimator=estimator,
        published=False,
        min_samples=1 if sampled else 0,
        function=f"src.{function}",
        change=change,
        **sampled,
    )


METRICS = (
    _row(
        "weight_change",
        "weights",
        "probe.weights.weight_change.weight_change",
        "Frobenius norm of the update over that of the base weights",
        "distance",
    ),
    _row(
        "update_effective_rank",
        "weights",
        "metrics.optimization.update_rank.update_effective_rank",
        "exp entropy of s/sum(s) of the update, mean over matrices weighted by ||dW||^2",
        "none",
    ),
    _row(
        "update_stable_rank",
        "weights",
        "metrics.optimization.update_rank.update_stable_rank",
        "||dW||_F^2 / ||dW||_2^2, mean over matrices weighted by ||dW||^2",
        "none",
    ),
    _row(
        "singular_rotation",
        "weights",
        "metrics.optimization.singular_rotation.singular_rotation",
        "mean principal angle of the top 10 singular subspaces, left and right, radians",
        "distance",
    ),
    _row(
        "update_gradient_cosine",
        "gradients",
        "metrics.optimization.update_gradient_cosine.update_gradient_cosine",
        "cos of the update and minus the gradient at the base weights",
        "none",
    ),
    _row(
        "gradient_norm",
        "gradients",
        "probe.gradients.gradient_norm.gradient_norm",
        "mean over steps of the block's gradient norm before clipping; also start, end",
        "none",
    ),
    _row(
        "fisher_trace",
        "gradients",
        "probe.gradients.at_weights.fisher_trace",
        "mean over rows of the squared norm of the row's gradient (empirical, diagonal)",
        "none",
        interval="mean",
    ),
    _row(
        "objective_cosine_distance",
        "objectives",
        "metrics.optimization.gradient_distance.objective_cosine_distance",
        "1 - cos of the block's gradients, pretraining against tuning objective, at the base weights",
        "none",
    ),
    _row(
        "objective_procrustes_distance",
        "objectives",
        "metrics.optimization.gradient_distance.objective_procrustes_distance",
        "Procrustes distance of the same gradients, each matrix up to a rotation of its inputs",
        "none",
    ),
)
