"""What the output head would predict from every layer, on the positions that predict the completion.

All functions take log probabilities [layer, position, vocabulary] that the model's own final norm (applied
once) and head make of the hidden states, layers 0..L, and answer for each layer and position. The metric is
the mean over rows; a row of several positions counts as the mean over them.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

LogProbabilities = Float[Tensor, "layer position vocabulary"]
Targets = Int[Tensor, "position"]
PerPosition = Float[Tensor, "layer position"]


def lens_cross_entropy(log_probabilities: LogProbabilities, targets: Targets) -> PerPosition:
    """Minus the log probability of the token that follows.

    Range from 0, nats; at layer L it is the model's own loss. Invariant under a shift of all logits of a
    position. Source: nostalgebraist 2020 (logit lens).
    """
    return -of_targets(log_probabilities, targets)


def lens_entropy(log_probabilities: LogProbabilities, targets: Targets) -> PerPosition:
    """Entropy of the predicted distribution.

    Range 0 to log of the vocabulary, nats. It does not look at the targets: certain is not right. Invariant
    under a shift of all logits of a position. Source: nostalgebraist 2020 (logit lens).
    """
    finite = log_probabilities.clamp(min=torch.finfo(log_probabilities.dtype).min)  # 0 log 0 = 0
    return -(log_probabilities.exp() * finite).sum(dim=-1)


def lens_agreement(log_probabilities: LogProbabilities, targets: Targets) -> PerPosition:
    """1 where the likeliest token is that of layer L, else 0.

    As a mean the share of agreement. Range 0 to 1, no unit; 1 at layer L. Invariant under a positive
    scaling and a shift of all logits of a position. Source: nostalgebraist 2020 (logit lens).
    """
    chosen = log_probabilities.argmax(dim=-1)
    return (chosen == chosen[-1]).to(log_probabilities.dtype)


def lens_gold_probability(log_probabilities: LogProbabilities, targets: Targets) -> PerPosition:
    """Probability of the token that follows; the metric takes it at the first completion token of a row.

    Range 0 to 1, no unit. Invariant under a shift of all logits of a position. Source: nostalgebraist 2020
    (logit lens).
    """
    return of_targets(log_probabilities, targets).exp()


def early_exit_accuracy(log_probabilities: LogProbabilities, targets: Targets) -> PerPosition:
    """1 where the likeliest token is the one that follows, else 0.

    As a mean the next-token accuracy of leaving the model at this layer; over all completion tokens where
    the pass reads all positions, over first completion tokens where it reads the first. Range 0 to 1, no
    unit. The published code scores the whole text, the question included, and norms layer L twice; we do
    neither. Invariant under a positive scaling and a shift of all logits of a position. Source:
    nostalgebraist 2020 (logit lens); Zhao et al. 2026 (arXiv 2604.11838, as early exit).
    """
    return (log_probabilities.argmax(dim=-1) == targets).to(log_probabilities.dtype)


def lens_answer_logp(log_probabilities: LogProbabilities, targets: Targets) -> PerPosition:
    """Log probability of the token that follows; the metric sums it over all completion tokens of a row.

    Range up to 0, nats; at layer L it is the model's own log probability of the whole answer. Invariant under
    a shift of all logits of a position. Source: nostalgebraist 2020 (logit lens).
    """
    return of_targets(log_probabilities, targets)


def of_targets(log_probabilities: LogProbabilities, targets: Targets) -> PerPosition:
    """The log probability of the token that follows."""
    index = targets.expand(len(log_probabilities), -1).unsqueeze(-1)
    return log_probabilities.gather(-1, index).squeeze(-1)
