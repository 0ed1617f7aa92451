"""Made data of known truth, and the interval that a report would print of them.

A design is a function of a generator that gives an interval, the value it is of, and the truth.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy
from numpy.random import Generator
from scipy.stats import spearmanr

from src.bench.coverage.draw import Draw, plain
from src.bench.coverage.of_arms import answers, arms, arms_on_rows
from src.statistics.bounded import correlation_interval, distance_ends, rank_interval
from src.statistics.estimate import Estimate
from src.statistics.fieller import interval_of_ratio
from src.statistics.profile_correlation import profile_correlation
from src.statistics.random_effects import summarise_models
from src.statistics.seeds import over_seeds
from src.statistics.student import LEVEL, t_reach
from src.statistics.two_way_model import crossed

NOMINAL, ROBUST = 0.93, 0.90
"""The least coverage of a 95 % interval where its assumptions hold, and where they do not."""
MOST = 0.98


@dataclass(frozen=True)
class Design:
    """One interval under one way to make data."""

    interval: str
    n: str
    made: str
    """How the data are made, in words."""
    draw: Callable[[Generator], Draw]
    least: float = NOMINAL
    known: str = ""
    """Why it lies outside 0.93 to 0.98, where it is known to."""


def share(p: float) -> Callable[[Generator], Draw]:
    """Right answers of three seeds to 200 items, which differ in difficulty."""

    def draw(random: Generator) -> Draw:
        right = (random.uniform(size=(3, 200)) < random.beta(2 * p, 2 * (1 - p), 200)).astype(float)
        found = crossed(right)
        return plain(Estimate(found.value, found.stderr, found.freedom, 3, 200, share=True), p)

    return draw


def mean(seeds: int) -> Callable[[Generator], Draw]:
    """A normal number of every seed."""
    return lambda random: plain(over_seeds(list(random.normal(1.0, 0.3, seeds))), 1.0)


def skew(random: Generator) -> Draw:
    """A very skewed number of five seeds."""
    return plain(over_seeds(list(random.exponential(1.0, 5))), 1.0)


def distance(random: Generator) -> Draw:
    """A distance of five seeds, on the scale of its logarithm."""
    found = over_seeds(list(random.gamma(9.0, 1 / 9.0, 5)))
    low, high = distance_ends(found.value, t_reach(found.stderr, found.freedom))
    return Draw(float(low), float(high), found.value, 1.0)


def correlation(random: Generator) -> Draw:
    """Pearson's r of 30 independent pairs."""
    rows = random.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], 30)
    r = float(numpy.asarray(numpy.corrcoef(rows.T))[0, 1])
    return Draw(*correlation_interval(r, 30), r, 0.6)


def ranks(random: Generator) -> Draw:
    """Spearman's rho of 10 cells."""
    rho = float(spearmanr(random.multivariate_normal([0, 0], [[1, 0.9], [0.9, 1]], 10)).statistic)
    return Draw(*rank_interval(rho, 10), rho, 6 / math.pi * math.asin(0.9 / 2))


def profiles(r: float) -> Callable[[Generator], Draw]:
    """Two profiles of 30 layers whose neighbours are alike (0.9), and which correlate by r."""

    def draw(random: Generator) -> Draw:
        one, other = (_walk(random, 0.9) for _ in range(2))
        found = profile_correlation(one, r * one + math.sqrt(1 - r**2) * other)
        return Draw(found.low, found.high, found.rho, 6 / math.pi * math.asin(r / 2))

    return draw


def _walk(random: Generator, phi: float) -> numpy.ndarray:
    values = [float(random.normal()) / math.sqrt(1 - phi**2)]
    for noise in random.normal(size=29):
        values.append(phi * values[-1] + float(noise))
    return numpy.array(values)


def models(tau: float) -> Callable[[Generator], Draw]:
    """Five models whose true effects scatter by tau, each known to 0.02."""

    def draw(random: Generator) -> Draw:
        effects = 0.1 + random.normal(0, tau, 5) + random.normal(0, 0.02, 5)
        found = summarise_models([Estimate(float(one), 0.02, 20, 5) for one in effects])
        assert found is not None
        return Draw(found.low, found.high, found.value, 0.1)

    return draw


def ratio(random: Generator) -> Draw:
    """The ratio of two means over five seeds, by Fieller."""
    first, second = random.normal(1.2, 0.1, 5), random.normal(1.0, 0.1, 5)

    def gap(r: float) -> Estimate:
        return over_seeds(list(first - r * second))

    value = float(first.mean() / second.mean())
    return Draw(*interval_of_ratio(gap, value, over_seeds(list(second)), LEVEL), value, 1.2)


def designs() -> Iterator[Design]:
    """Every interval that a report prints of scores, of seeds and of models."""
    gap, ten, three = "difference to LoRA, over seeds", "10 arms x 3 seeds", "scatters three times as much"
    yield Design(gap, ten, "all arms scatter alike", arms())
    yield Design(gap, ten, f"the baseline {three}", arms(3, 0), ROBUST)
    yield Design(gap, ten, f"the band {three}", arms(3, 1), ROBUST)
    yield Design(gap, ten, "t with 4 degrees of freedom", arms(heavy=True), ROBUST)
    crossing = ("difference to LoRA, seeds x sets of rows", "11 arms x 3 x 2")
    careful = "the larger of two errors where one of them is 0"
    yield Design(*crossing, "seeds and rows scatter as the rest", arms_on_rows(1, 1))
    yield Design(*crossing, "rows scatter not at all", arms_on_rows(1, 0), known=careful)
    yield Design(*crossing, "rows scatter most", arms_on_rows(0.3, 2))
    yield Design(*crossing, f"the baseline {three}", arms_on_rows(1, 1, 3), ROBUST)
    for seeds, sd in ((3, 0.0), (3, 0.05), (5, 0.05)):
        told = f"right or wrong, seeds scatter by {sd:g}"
        known = "" if sd else "never below the error of items alone"
        yield Design("difference, seeds x items", f"{seeds} x 200", told, answers(seeds, sd), known=known)
    for p in (0.05, 0.4):
        yield Design("score, a share", "3 x 200", f"right in {p:g}", share(p))
    for seeds in (3, 5):
        yield Design("mean over seeds", str(seeds), "normal", mean(seeds))
    skewed = "too short where one seed in many is far above all others"
    yield Design("mean over seeds", "5", "exponential, sd as large as the mean", skew, 0.85, skewed)
    yield Design("distance over seeds", "5", "gamma, sd a third of its mean", distance, ROBUST)
    yield Design("correlation", "30", "normal, 0.6", correlation)
    yield Design("rank correlation over cells", "10", "normal, 0.9", ranks)
    for r, made in ((0.0, "independent"), (0.8, "correlated (0.8)")):
        told = f"{made}, neighbours alike (0.9)"
        yield Design("correlation of profiles", "30 layers", told, profiles(r), ROBUST)
    yield Design("ratio of two means", "5", "normal", ratio)
    own = "never shorter than the models' own errors"
    yield Design("over models", "5", "models alike", models(0.0), known=own)
    yield Design("over models", "5", "models scatter by 0.05", models(0.05))
