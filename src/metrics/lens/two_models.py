"""What two models would say of the same layer at the same positions.

Functions take the log probabilities [layer, position, vocabulary] of the base and of the tuned model, and the
tokens that follow. The metric itself reads each model with its own norm and head; where tuning moved those,
the rows `/base_head` and `/tuned_head` read both models with one and the same, which tells a change of the
states from a change of the head.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from src.metrics.lens.logit_lens import LogProbabilities, PerPosition, Targets, of_targets
from src.metrics.shared.shapes import Scalar

TOP = 5
_ROUNDING = 1e-12
Choices = Int[Tensor, "position"]
Weights = Float[Tensor, "position"]


def lens_pair_agreement(base: LogProbabilities, tuned: LogProbabilities, targets: Targets) -> PerPosition:
    """1 where both models' likeliest token is the same, else 0.

    As a mean the share of agreement. Range 0 to 1, no unit; 1 for equal models. A common favourite of all
    positions makes it high by chance: `lens_pair_kappa` takes that off. Invariant under a positive scaling
    and a shift of all logits of a position, so under a scaling of a state that an RMS norm follows. Source:
    Zhao et al. 2026 (arXiv 2604.11838, at one token, as `lens_pair_agreement_paper` has it).
    """
    return (base.argmax(dim=-1) == tuned.argmax(dim=-1)).to(base.dtype)


def lens_pair_top5(base: LogProbabilities, tuned: LogProbabilities, targets: Targets) -> PerPosition:
    """Share of the 5 likeliest tokens of one model that are among those of the other.

    Range 0 to 1, no unit; 1 for equal models. Symmetric. Invariant under a positive scaling and a shift of
    all logits of a position. Source: ours.
    """
    count = min(TOP, base.shape[-1])
    one, other = (side.topk(count, dim=-1).indices for side in (base, tuned))
    return (one[..., :, None] == other[..., None, :]).any(dim=-1).to(base.dtype).mean(dim=-1)


def lens_pair_js(base: LogProbabilities, tuned: LogProbabilities, targets: Targets) -> PerPosition:
    """Jensen-Shannon divergence of both predictions: mean KL to their mixture.

    Range 0 to log 2, nats; 0 for equal predictions. Symmetric. Invariant under a shift of all logits of a
    position. Source: Lin 1991 (doi 10.1109/18.61115).
    """
    p, q = base.exp(), tuned.exp()
    mixture = ((p + q) / 2).clamp(min=torch.finfo(p.dtype).tiny)
    return (torch.xlogy(p, p / mixture) + torch.xlogy(q, q / mixture)).sum(dim=-1).clamp(min=0) / 2


def lens_answer_logp_change(base: LogProbabilities, tuned: LogProbabilities, targets: Targets) -> PerPosition:
    """`lens_answer_logp` of the tuned model minus that of the base, row by row.

    The sum over all completion tokens of a row, so the interval is that of paired differences. Any sign,
    nats; 0 for equal models. Range: all numbers. Invariant under a shift of all logits of a position. Source:
    Zhao et al. 2026 (arXiv 2604.11838, two curves side by side; the pairing is ours).
    """
    return of_targets(tuned, targets) - of_targets(base, targets)


def lens_gold_probability_change(
    base: LogProbabilities, tuned: LogProbabilities, targets: Targets
) -> PerPosition:
    """`lens_gold_probability` of the tuned model minus that of the base, row by row.

    At the first completion token, so the interval is that of paired differences. Range -1 to 1, no unit; 0
    for equal models. Invariant under a shift of all logits of a position. Source: Zhao et al. 2026 (arXiv
    2604.11838, two curves side by side; the pairing is ours).
    """
    return of_targets(tuned, targets).exp() - of_targets(base, targets).exp()


def lens_pair_kappa(base: Choices, tuned: Choices, weights: Weights) -> Scalar:
    """Cohen's kappa of both models' likeliest tokens: (observed - chance) / (1 - chance).

    Observed is the share of equal choices, chance the share that two models with these favourites would reach
    on unrelated rows, sum over tokens of p(token) q(token). Weights make rows count alike, however many
    positions they have. Range -1 to 1, no unit: 1 for equal choices, 0 for chance (exactly, as the mean over
    all orders of the positions of one side). NaN where both always choose one and the same token. Invariant
    under renaming of tokens. Source: Cohen 1960.
    """
    weights = weights / weights.sum()
    observed = (weights * (base == tuned)).sum()
    size = int(torch.maximum(base.max(), tuned.max())) + 1
    one, other = (weights.new_zeros(size).index_add(0, side, weights) for side in (base, tuned))
    chance = (one * other).sum()
    left = 1 - chance
    return (observed - chance) / left.where(left > _ROUNDING, torch.nan)
