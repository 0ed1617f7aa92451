"""Made scores of arms, and the interval of a difference between two."""

from collections.abc import Callable

from numpy.random import Generator

from src.bench.coverage.draw import Draw, plain
from src.statistics.arm_scatter import of_contrast, scatter_of_arms
from src.statistics.seeds import paired_by_seed
from src.statistics.seeds_and_rows import differences
from src.statistics.two_way_model import crossed


def arms(sd: float = 1.0, which: int = 0, heavy: bool = False) -> Callable[[Generator], Draw]:
    """Ten arms of three seeds; the difference of the second to the first."""

    def draw(random: Generator) -> Draw:
        noise = random.standard_t(4, (10, 3)) if heavy else random.normal(size=(10, 3))
        noise[which] *= sd
        table = noise + random.normal(size=3)
        scatter = scatter_of_arms(table) or []
        sides = [dict(enumerate(row)) for row in table[:2]]
        return plain(paired_by_seed(sides[1], sides[0], of_contrast(scatter[1::-1], (1, -1))), 0.0)

    return draw


def arms_on_rows(of_seeds: float, of_rows: float, baseline: float = 1.0) -> Callable[[Generator], Draw]:
    """Eleven arms, three seeds, each on two sets of rows; the difference of the second to the first."""

    def draw(random: Generator) -> Draw:
        table = random.normal(size=(11, 3, 2)) + random.normal(0, of_seeds, (11, 3, 1))
        table += random.normal(0, of_rows, (11, 1, 2))
        table[0] *= baseline
        return plain(differences(table, 0)[1], 0.0)

    return draw


def answers(seeds: int, seed_sd: float) -> Callable[[Generator], Draw]:
    """Right and wrong answers of two arms that are alike, 200 items of their own difficulty."""

    def draw(random: Generator) -> Draw:
        ability = 0.4 + random.normal(0, seed_sd, (2, seeds, 1)) + random.normal(0, 0.15, 200)
        right = (random.uniform(size=(2, seeds, 200)) < ability).astype(float)
        return plain(crossed(right[0] - right[1]), 0.0)

    return draw
