"""Exact shares of a cooperative game: players with tuned weights, and the score that each coalition reaches.

A table [item, 2^S] holds one score for every coalition of S players; bit s of a column's number says whether
player s is in. Everything here is linear in the table, so it holds item by item.
"""

from itertools import combinations
from math import comb

import numpy
from numpy import ndarray
from scipy.linalg import hadamard

ADDS_UP = 0.5
"""Additivity from which on a profile of single parts says something."""
MOSTLY = 0.9
"""From which on they are said to add up without more."""


def shapley(table: ndarray) -> ndarray:
    """[item, player]: the mean gain of a player over all orders of joining.

    phi_s = sum over C without s of |C|! (S - |C| - 1)! / S! (v(C + s) - v(C)); the sum over players is
    v(all) - v(none) for every item. Source: Shapley (1953).
    """
    size, coalitions = _size(table)
    found = []
    for player in range(size):
        without = coalitions[coalitions >> player & 1 == 0]
        weights = 1 / (size * numpy.array([comb(size - 1, _count(one)) for one in without]))
        found.append((table[:, without | 1 << player] - table[:, without]) @ weights)
    return numpy.stack(found, axis=1)


def pair_interactions(table: ndarray) -> ndarray:
    """[item, player, player]: Shapley's interaction index, 0 on the diagonal.

    Above 0 the two are worth more together (synergy), below 0 less (redundancy). Of a score that is quadratic
    in the updates D_a, D_b of two parts it is D_a' H D_b, H the mixed block of second derivatives: their
    coupling, without which what single parts bring adds up. Source: Grabisch and Roubens (1999); coupling as
    in arXiv 2602.04019 (abstract; its own normalisation is not known here, so this reading is INFERRED).
    """
    size, coalitions = _size(table)
    found = numpy.zeros((len(table), size, size))
    for first, second in combinations(range(size), 2):
        one, other = 1 << first, 1 << second
        without = coalitions[coalitions & (one | other) == 0]
        weights = 1 / ((size - 1) * numpy.array([comb(size - 2, _count(c)) for c in without]))
        gains = table[:, without | one | other] - table[:, without | one] - table[:, without | other]
        found[:, first, second] = found[:, second, first] = (gains + table[:, without]) @ weights
    return found


def walsh(table: ndarray) -> ndarray:
    """[item, 2^S] coefficients: v(T) = sum over C of beta_C times the product over C of +1 (in T) or -1."""
    size, coalitions = _size(table)
    signs = (-1.0) ** numpy.array([_count(one) for one in coalitions])
    return table @ hadamard(2**size) * signs / 2**size


def additivity(mean: ndarray) -> float:
    """Share of single players in the variance of a game [2^S] over coalitions; NaN for a constant one.

    1: the parts add up. Near 0: what one part does depends on the others, and a profile over single parts
    does not exist.
    """
    coefficients = walsh(mean[None])[0]
    squares = coefficients[1:] ** 2
    singles = squares[[(1 << player) - 1 for player in range(_size(mean[None])[0])]]
    spread = float(squares.sum())
    scale = float((mean**2).sum()) / len(mean)
    return float(singles.sum()) / spread if spread > numpy.finfo(float).eps ** 2 * scale else numpy.nan


def _size(table: ndarray) -> tuple[int, ndarray]:
    """The number of players, and all coalitions."""
    size = table.shape[1].bit_length() - 1
    if table.shape[1] != 2**size or not size:
        raise ValueError(f"table: given {table.shape[1]} coalitions; needed: 2, 4, 8, ...")
    return size, numpy.arange(2**size)


def _count(coalition: int) -> int:
    return int(coalition).bit_count()
