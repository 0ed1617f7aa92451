"""Leaving a model early through a map: what a layer holds, beside what the head can read of it as it is.

The logit lens reads a layer in the coordinates of the last one. A closed-form ridge map from layer l to
layer L, fitted on other rows, first brings it there: `early_exit_accuracy` is what is aligned, the metrics
below are what is decodable.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from src.metrics.lens import logit_lens
from src.metrics.lens.logit_lens import LogProbabilities, PerPosition, Targets

SHRINKAGE = 1e-3


def ridge_exit_accuracy(log_probabilities: LogProbabilities, targets: Targets) -> PerPosition:
    """`early_exit_accuracy` behind a ridge map from the layer to layer L: the share of right tokens.

    The map has an intercept and the penalty 1e-3 trace(X'X) / D, and is fitted on the completion positions of
    every second row and read on the others, both ways, so that all rows are read and none by a map that saw
    it. Rows `/base_map`, of the tuned model: its states through the base's map, which stay right where tuning
    changed what a layer holds but not how. Range 0 to 1, no unit. Invariant under a rotation of the layer.
    Source: Din et al. 2023 (arXiv 2303.09435); Belrose et al. 2023 (arXiv 2303.08112, the same map on KL).
    """
    return logit_lens.early_exit_accuracy(log_probabilities, targets)


def ridge_exit_cross_entropy(log_probabilities: LogProbabilities, targets: Targets) -> PerPosition:
    """`lens_cross_entropy` behind the map of `ridge_exit_accuracy`.

    Range from 0, nats. Invariant under a rotation of the layer. Source: Din et al. 2023 (arXiv 2303.09435);
    Belrose et al. 2023 (arXiv 2303.08112, the same map on KL).
    """
    return logit_lens.lens_cross_entropy(log_probabilities, targets)


def with_constant(states: Float[Tensor, "position dim"]) -> Float[Tensor, "position dim_and_1"]:
    """The states, float64, with a 1 behind them."""
    return torch.nn.functional.pad(states.double(), (0, 1), value=1.0)


def ridge_map(
    gram: Float[Tensor, "dim_and_1 dim_and_1"],
    cross: Float[Tensor, "dim_and_1 out"],
    shrinkage: float = SHRINKAGE,
) -> Float[Tensor, "dim_and_1 out"]:
    """The map A that minimises ||XA - Y||^2 + penalty ||A||^2, the intercept free.

    Args:
        gram: X'X of states `with_constant`.
        cross: X'Y.
        shrinkage: the penalty is this times trace(X'X) / D, the constant left out.
    """
    width = len(gram) - 1
    penalty = shrinkage * gram.diagonal()[:width].mean()
    free = torch.ones(width + 1, dtype=gram.dtype, device=gram.device)
    free[-1] = 0.0
    return torch.linalg.solve(gram + penalty * free.diag(), cross)
