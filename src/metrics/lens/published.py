"""The published readings of the output head: whole texts, each model with its own norm and head."""

from jaxtyping import Int
from torch import Tensor

from src.metrics.shared.shapes import PerSample, Scalar

Choices = Int[Tensor, "sample"]


def early_exit_accuracy_paper(right: PerSample, tokens: PerSample) -> Scalar:
    """Share of right next tokens over the whole text, question and answer, every token counting once.

    The arguments are right tokens and all tokens of each row; the first 100 rows. As coded, layer L passes
    the final norm twice, which `early_exit_accuracy` does not; here layers begin at 0, there at 1. Range 0 to
    1, no unit. Invariant under the order of rows. Source: Zhao et al. 2026 (arXiv 2604.11838, as coded).
    """
    return right.sum() / tokens.sum()


def lens_pair_agreement_paper(base: Choices, tuned: Choices) -> Scalar:
    """Share of rows for which both models' likeliest token behind the whole text is the same.

    At the last token of the text, answer included; the first 100 rows; layers 0 to L - 1. The published code
    takes the last position of a padded row, which can be a pad; here it never is. Range 0 to 1, no unit.
    Invariant under the order of rows. Source: Zhao et al. 2026 (arXiv 2604.11838, as coded).
    """
    return (base == tuned).double().mean()
