"""How much the gradients of single rows agree."""

from src.metrics.shared.shapes import Scalar


def gradient_signal_to_noise(squared_mean: Scalar, mean_square: Scalar) -> Scalar:
    """||mean_i g_i||^2 / mean_i ||g_i||^2 over the gradients g_i of the losses of single rows.

    The arguments are sums over all base weights of the block (of a kind), trained or not. Range 0 to 1, no
    unit: 1 where all rows pull alike; unrelated rows in many dimensions have 1 / N, so compare at equal N.
    NaN where every gradient is zero. Invariant under scaling of the loss, a rotation of the weights and the
    order of rows. Source: McCandlish et al. 2018 (arXiv 1812.06162: gradient noise, of which this is a
    ratio).
    """
    return squared_mean / mean_square
