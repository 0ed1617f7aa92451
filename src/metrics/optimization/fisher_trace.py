"""How sharply the loss of a row depends on the weights."""

from src.metrics.shared.factors import Weight, squared_norm
from src.metrics.shared.shapes import Scalar


def fisher_trace(gradient: Weight) -> Scalar:
    """Trace of the empirical Fisher matrix: mean over rows of ||gradient of the row's loss||^2.

    Of one row and one weight tensor; a row's number is the sum over all base weights of the block (of a
    kind), trained or not, at the weights the model has then. The row's loss is its summed cross-entropy in
    nats, minus the log probability of its supervised tokens, so long rows weigh more. Range from 0, nats^2
    over the squared unit of a weight. It changes where weights are rescaled, so it is compared between stages
    and runs of one model. The error is s / sqrt(n) over rows. Invariant under the order of rows and a
    rotation of weights. Source: Kunstner, Hennig and Balles 2019 (empirical Fisher).
    """
    return squared_norm(gradient)
