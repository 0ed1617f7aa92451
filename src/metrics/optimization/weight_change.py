"""How far training moved the weights."""

from src.metrics.shared.factors import squared_norm
from src.metrics.shared.shapes import Scalar
from src.metrics.shared.tensor_update import Parts, TensorUpdate


def weight_change(squared_update: Scalar, squared_base: Scalar) -> Scalar:
    """Relative change of each block: sqrt(sum_t ||dW_t||_F^2) / sqrt(sum_t ||W_t||_F^2), no unit.

    The arguments are the two sums. t runs over all weight tensors of the block (norms and biases too), W_t
    is the base weight; for a kind, over the tensors of that kind. LoRA updates are measured from their
    factors, unmerged. Range from 0, no unit. A block that was not trained changed by exactly 0. Invariant
    under a common scaling of weights and updates. NaN for a block whose base weights are all zero. Source:
    Zhao et al. 2026 (arXiv 2604.11838: Frobenius distance by layer; no code and no normalisation is
    published, this one is ours).
    """
    return (squared_update / squared_base).sqrt()


def weight_change_parts(update: TensorUpdate) -> Parts:
    """Both squared norms of one tensor."""
    return [(update.squared_update(), squared_norm(update.whole_base))]


def weight_change_paper(sum_of_norms: Scalar, num_tensors: Scalar) -> Scalar:
    """Mean over the weight tensors of a block of ||dW_t||_F, every tensor counting once, as coded.

    The arguments are the sum over all tensors of the block (norms and biases too; for a kind, those of the
    kind), and their number. Range from 0, unit of a weight. It grows with the size of the tensors and changes
    where one is stored as two; `weight_change` does neither. Invariant under a rotation of each tensor.
    Source: Zhao et al. 2026 (arXiv 2604.11838, as coded; there block i is joined with layer i).
    """
    return sum_of_norms / num_tensors


def weight_change_paper_parts(update: TensorUpdate) -> Parts:
    """The norm of one tensor's update, and 1."""
    norm = update.squared_update().sqrt()
    return [(norm, norm.new_ones(()))]
