"""What is told of carriers: tables over seeds and items, by block, by fit and by pair of seeds."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy
from numpy import ndarray

from src.carrier.found import Found
from src.carrier.overlap import overlap
from src.intervene.causal.show import write_summaries
from src.intervene.causal.summary import Summary, ratio
from src.intervene.quantity import Quantity, write_quantities
from src.storage.csv_file import write_csv

LOGP = "logp"
KINDS = ("sufficiency", "necessity")
FIT_COLUMNS = ("run", "rho", "masks", "active", "density", "baseline", "budget", "loss", "within",
               "price_of_all", "steps", *KINDS, "random_sufficiency", "random_necessity")  # fmt: skip


def write_tables(folder: Path, found: Sequence[Found]) -> None:
    """carrier.csv, summary.csv, fits.csv, profile.csv, overlap.csv, random.csv and steps.csv."""
    budgets = list(dict.fromkeys(one.rho for one in found))
    groups = [[one for one in found if one.rho == rho] for rho in budgets]
    write_quantities(folder / "carrier.csv", [row for group in groups for row in quantities(group)])
    write_summaries(folder / "summary.csv", [row for group in groups for row in shares(group)])
    write_csv(folder / "fits.csv", FIT_COLUMNS, map(_fit, found))
    write_csv(folder / "profile.csv", ("run", "rho", "block", "kind", "measure", "share"), _profile(found))
    write_csv(folder / "overlap.csv", ("rho", "first", "second", "jaccard", "random"), _overlaps(groups))
    write_csv(folder / "random.csv", ("run", "rho", "carrier", "sufficiency", "necessity"), _randoms(found))
    steps = [(one.run, one.rho, *row.values()) for one in found for row in one.steps]
    write_csv(folder / "steps.csv", ("run", "rho", "step", "loss", "ema", "price", "active"), steps)


def effects(scores: Mapping[str, ndarray]) -> dict[str, dict[str, ndarray]]:
    """By carrier [item]: sufficiency, what it brings alone, and necessity, what is lost without it."""
    names = [name for name in scores if f"{name} rest" in scores]
    return {
        name: {
            "sufficiency": scores[name] - scores["base"],
            "necessity": scores["tuned"] - scores[f"{name} rest"],
        }
        for name in names
    }


def quantities(group: Sequence[Found]) -> Iterator[Quantity]:
    """Over the runs of one budget: the gain, what the carrier does, and how much more than random ones."""
    who = f"rho {group[0].rho:g}"

    def quantity(kind: str, values: Sequence[ndarray]) -> Quantity:
        return Quantity(LOGP, kind, who, numpy.stack(values))

    yield quantity("gain", [one.scores["tuned"] - one.scores["base"] for one in group])
    told = [effects(one.scores) for one in group]
    for kind in KINDS:
        own = [one["carrier"][kind] for one in told]
        mean = [random_mean(one, kind) for one in told]
        yield quantity(kind, own)
        yield quantity(f"{kind}_over_random", [a - b for a, b in zip(own, mean, strict=True)])


def random_mean(found: Mapping[str, Mapping[str, ndarray]], kind: str) -> ndarray:
    """[item], the mean over random carriers."""
    return numpy.mean([one[kind] for name, one in found.items() if name != "carrier"], axis=0)


def shares(group: Sequence[Found]) -> Iterator[Summary]:
    """The same as shares of the gain, with Fieller's interval."""
    rows = {row.kind: row.values for row in quantities(group)}
    for kind in KINDS:
        yield ratio(LOGP, f"{kind}_share rho {group[0].rho:g}", rows[kind], rows["gain"])


def exceeded(found: Mapping[str, Mapping[str, ndarray]], kind: str) -> float:
    """Share of random carriers whose mean the carrier's is above."""
    own = found["carrier"][kind].mean()
    return float(numpy.mean([own > one[kind].mean() for name, one in found.items() if name != "carrier"]))


def told(one: Found) -> str:
    """A carrier in a line."""
    found, end = effects(one.scores), one.end
    state = "within its budget" if end.within else "above its budget"
    effect = [
        f"{words} {found['carrier'][kind].mean():+.3f} nats a token (more than "
        f"{100 * exceeded(found, kind):.0f} % of random carriers)"
        for words, kind in zip(("alone it brings", "without it are lost"), KINDS, strict=True)
    ]
    return (
        f"{one.run}, rho {one.rho:g}: density {one.density:.3f}, loss {end.loss:.4f} {state} of "
        f"{end.budget:.4f}; {', '.join(effect)}"
    )


def _fit(one: Found) -> tuple[Any, ...]:
    found, end = effects(one.scores), one.end
    own = [float(found["carrier"][kind].mean()) for kind in KINDS]
    random = [float(random_mean(found, kind).mean()) for kind in KINDS]
    price = end.price * one.num_masks  # of the whole carrier, in nats: it compares between sizes of models
    return (one.run, one.rho, one.num_masks, one.num_active, one.density, end.baseline, end.budget, end.loss,
            end.within, price, len(one.steps), *own, *random)  # fmt: skip


def _profile(found: Sequence[Found]) -> Iterator[tuple[Any, ...]]:
    for one in found:
        for (block, half, vector), mask in one.active.items():
            yield one.run, one.rho, block, f"{half}.{vector}", "active", float(mask.mean())
        for (block, kind), share in one.densities.items():
            yield one.run, one.rho, block, kind, "density", share


def _overlaps(groups: Sequence[Sequence[Found]]) -> Iterator[tuple[Any, ...]]:
    for group in groups:
        for one, other in combinations(group, 2):
            yield one.rho, one.run, other.run, *overlap(one.active, other.active)


def _randoms(found: Sequence[Found]) -> Iterator[tuple[Any, ...]]:
    for one in found:
        for name, effect in effects(one.scores).items():
            yield (
                one.run,
                one.rho,
                name,
                *(float(effect[kind].mean()) for kind in KINDS),
            )
