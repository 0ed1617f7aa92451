"""Which tokens of a row are read: all, all but the first, or all but those of massive norm in the base.

A few tokens of very large norm (Sun et al. 2024, arXiv 2402.17762, call their entries massive activations)
hold most of what a mean over tokens holds, in the layers where they are there. Here a token is massive at a
layer where its norm is above a multiple of the median norm of the layer's tokens on all rows.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from src.probe.states.padding import Mask
from src.probe.states.vectors import LayerVectors

ALL, NO_FIRST, NO_MASSIVE = "all", "no_first", "no_massive"
_MARGIN = 0.5
"""A norm above this share of the limit, told from one batch, may be above the limit of all rows."""
OUTCOMES = range(1, 5)
"""How many tokens of a row may turn out massive at a layer; the pass is done again where there are more."""


class TokenSet(NamedTuple):
    """The tokens of a batch at a layer that belong to one set."""

    name: str
    mask: Mask
    places: list[int]
    """Rows of the batch that the set concerns."""


class Known:
    """Sets that are known before the states come by: `all`, and those that are asked for.

    Args:
        names: all, no_first, no_massive.
        massive: by layer, which tokens [row, token] are massive; what lies beyond is not.
    """

    def __init__(
        self, names: Sequence[str] = (ALL,), massive: Sequence[Bool[Tensor, "row token"]] = ()
    ) -> None:
        self.names, self._massive = names, massive
        self.measured_all = ALL in names
        """Whether token metrics look at the set of all tokens."""

    def of(self, layer: int, states: Tensor, mask: Mask, rows: Sequence[int]) -> Iterator[TokenSet]:
        """The sets of the states [batch, token, width] of a layer; padding lies on the right."""
        everyone = list(range(len(rows)))
        yield TokenSet(ALL, mask, everyone)
        if NO_FIRST in self.names:
            yield TokenSet(NO_FIRST, mask & (torch.arange(mask.shape[1], device=mask.device) > 0), everyone)
        if NO_MASSIVE in self.names:
            massive = self._massive[layer][rows][:, : mask.shape[1]].to(mask.device)
            yield TokenSet(NO_MASSIVE, mask & ~massive, everyone)


class Open:
    """Sets of a base whose massive tokens are known only when its pass is over.

    Sets above a norm are nested: of a row with k tokens that may be massive there are k + 1 outcomes, all
    but its j largest tokens. All are reduced in the pass, and it is settled afterwards which one it was.
    """

    def __init__(self, names: Sequence[str], norms: LayerVectors, ratio: float) -> None:
        self._others = Known([name for name in names if name != NO_MASSIVE])
        self.measured_all = NO_MASSIVE in names or ALL in names
        self.norms, self._ratio = norms, ratio
        self._wanted = NO_MASSIVE in names
        self.num_open = torch.zeros(norms.shape[:2], dtype=torch.long)
        """Tokens of each layer and row whose fate is open."""

    def of(self, layer: int, states: Tensor, mask: Mask, rows: Sequence[int]) -> Iterator[TokenSet]:
        """As of `Known`; an outcome has the name of `less(j)`."""
        norms = token_norms(states, mask)
        self._write(layer, norms, rows)
        yield from self._others.of(layer, states, mask, rows)
        if not self._wanted:
            return
        limit = _MARGIN * self._ratio * norms.nanmedian()
        counts = (norms > limit).sum(dim=1).clamp(max=OUTCOMES[-1]).cpu()
        self.num_open[layer, rows] = counts
        most = int(counts.max())
        largest = norms.nan_to_num(-1.0).topk(most, dim=1).indices
        for count in range(1, most + 1):
            places = (counts >= count).nonzero()[:, 0].tolist()
            yield TokenSet(less(count), mask.scatter(1, largest[:, :count], False), places)

    def _write(self, layer: int, norms: Tensor, rows: Sequence[int]) -> None:
        padded = torch.full((len(norms), self.norms.shape[2]), torch.nan)
        padded[:, : norms.shape[1]] = norms.cpu()
        self.norms.write(layer, rows, padded)


TokenSets = Known | Open


def less(count: int) -> str:
    """Name of the set of all tokens of a row but its `count` largest."""
    return f"less-{count}"


def token_norms(states: Tensor, mask: Mask) -> Float[Tensor, "batch token"]:
    """Euclidean norm of every token's state, float32; NaN where `mask` is false."""
    norms = torch.linalg.vector_norm(states, dim=2, dtype=torch.float32)
    return norms.masked_fill(~mask, torch.nan)


def massive_tokens(norms: Float[Tensor, "row token"] | Tensor, ratio: float) -> Bool[Tensor, "row token"]:
    """Tokens whose norm is above `ratio` times the median of all; NaN stands for no token."""
    return norms > ratio * norms.nanmedian()
