"""How often each word falls for a claim of the published size, by seeds and items."""

import math
from collections import Counter
from typing import NamedTuple

import numpy

from src.statistics.claim import ABSENT, CONFIRMED, REVERSED, SMALLER, judge_claim
from src.statistics.estimate import Estimate
from src.statistics.power import Components, planned

CLAIM, STDERR = 0.095, 0.046
"""The largest published gain, and the binomial error of a difference of two shares of 200 items."""
PARTS = Components(0.0004, 0.03, 0.25)
"""Scatter of differences in a study of 200 items: seeds, items, rest."""
ARMS = 9
SIZES = ((3, 200), (5, 200), (3, 1319), (5, 1319), (10, 1319))


class Words(NamedTuple):
    """Shares of the words where the published effect is true, and where there is none."""

    seeds: int
    items: int
    confirmed: float
    wrong: float
    """absent, smaller or reversed, though the published effect is true."""
    false: float
    """confirmed, though there is none."""
    absent: float
    """absent, where there is none."""


def operating_characteristics(rounds: int) -> list[Words]:
    """A row for each size; the published number is noisy where its effect is true."""
    return [_row(seeds, items, rounds) for seeds, items in SIZES]


def _row(seeds: int, items: int, rounds: int) -> Words:
    true, null = (_words(truth, seeds, items, rounds) for truth in (CLAIM, 0.0))
    return Words(seeds, items, true[CONFIRMED], sum(true[word] for word in (ABSENT, SMALLER, REVERSED)),
                 null[CONFIRMED], null[ABSENT])  # fmt: skip


def _words(truth: float, seeds: int, items: int, rounds: int) -> dict[str, float]:
    plan = planned(PARTS, seeds, items, (seeds - 1) * (ARMS - 1))
    random = numpy.random.default_rng(13)
    counted: Counter[str] = Counter()
    for _ in range(rounds):
        published = float(random.normal(CLAIM, STDERR))
        stderr = plan.stderr * math.sqrt(random.chisquare(plan.freedom) / plan.freedom)
        value = float(random.normal(truth, plan.stderr))
        counted[judge_claim(Estimate(value, stderr, plan.freedom, seeds, items), published, STDERR).word] += 1
    return {word: counted[word] / rounds for word in (CONFIRMED, SMALLER, ABSENT, REVERSED)}
