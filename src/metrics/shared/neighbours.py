"""Nearest neighbours among the pooled vectors of a layer, in memory that grows with N times their number."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from src.metrics.shared.gram import ROUNDING
from src.metrics.shared.shapes import Pooled
from src.metrics.shared.strips import chosen, mean_row, of_each

Neighbours = Float[Tensor, "sample neighbour"]
"""Distances, ascending in each row."""
Indices = Int[Tensor, "sample neighbour"]

CHUNK = 64  # samples whose distances to all others are held at a time


def nearest(rows: Pooled, num_neighbours: int) -> tuple[Neighbours, Indices]:
    """Distances, float64, of every sample to its nearest others, and which these are.

    There are `num_neighbours` of them, or N - 1 where there are fewer. Samples that only rounding tells
    apart are at distance 0.
    """
    everything, mean = torch.arange(len(rows)), mean_row(rows)
    squared = of_each(lambda strip: (strip - mean).square().sum(dim=1), rows)
    least = ROUNDING * squared.max()
    parts = []
    for some in everything.split(CHUNK):
        near, start = rows[some].double() - mean, int(some[0])
        products = torch.cat([near @ (strip - mean).T for strip in chosen(rows, everything)], dim=1)
        distances = (squared[some, None] + squared).sub_(products, alpha=2)
        distances[distances <= least] = 0.0
        distances.diagonal(start).fill_(torch.inf)
        parts.append(distances.topk(min(num_neighbours, len(rows) - 1), dim=1, largest=False))
    return torch.cat([part.values for part in parts]).sqrt(), torch.cat([part.indices for part in parts])


def nearest_kept(
    distances: Neighbours, indices: Indices, kept: Tensor, num_neighbours: int
) -> Float[Tensor, "kept_sample kept_neighbour"]:
    """The distances of the kept samples to their nearest kept others, from a table of enough neighbours."""
    present = torch.zeros(len(distances), dtype=torch.bool)
    present[kept] = True
    left = torch.where(present[indices[kept]], distances[kept], torch.inf)
    return left.topk(num_neighbours, dim=1, largest=False).values
