"""How large the gradient of a block was while training went on."""

from collections.abc import Sequence


def gradient_norm(norms: Sequence[float]) -> float:
    """Mean over the steps of training of the L2 norm of a block's gradient, before clipping.

    Of all steps; in the rows `/start` and `/end`, of the first and of the last tenth of them. Range from 0,
    nats over the unit of a weight. With LoRA it is the gradient of the factors, so it scales with their
    scaling and is compared between blocks of one run, not between methods. No standard error: steps depend
    on each other; n is the number of steps. Missing for a block that does not train. Invariant under the
    order of the weights and a rotation of them. Source: Zhao et al. 2026 (arXiv 2604.11838, before clipping,
    of blocks).
    """
    return sum(norms) / len(norms)


def gradient_norm_paper(norms: Sequence[float]) -> float:
    """Mean over the steps of training of the mean over a block's tensors of the L2 norm of their gradients.

    Before clipping, of every tensor that trains, each counting once, as coded; `gradient_norm` is that of all
    of them together. Rows `/start` and `/end` as there. Range from 0, nats over the unit of a weight. It
    changes where one tensor is stored as two. No standard error; n is the number of steps. Missing for a
    block that does not train. Invariant under a rotation of each tensor. Source: Zhao et al. 2026 (arXiv
    2604.11838, as coded).
    """
    return gradient_norm(norms)
