"""Whether training went where the first gradient pointed."""

from src.metrics.shared.shapes import Scalar


def update_gradient_cosine(inner: Scalar, squared_update: Scalar, squared_gradient: Scalar) -> Scalar:
    """-<dW, G> / (||dW|| ||G||): the update against minus the gradient at the base weights.

    The arguments are sums over the trained tensors of a block, or of a kind in it. G is the gradient of the
    mean loss over the rows given. Range -1 to 1, no unit; 1 after one plain gradient step on the same rows,
    near 0 for an unrelated direction. Invariant under scaling of dW or of the loss, and under a common
    rotation. NaN where the update or the gradient is zero. Source: ours.
    """
    return -inner / (squared_update * squared_gradient).sqrt()
