"""Words for the claims that were declared together: how often any of them is wrong."""

import math

import numpy
import pandas
import pytest

from src.analysis.depth import equal_step_verdicts, findings
from src.analysis.depth.architecture import width_order
from src.analysis.depth.decomposition import decompose
from src.analysis.depth.finding import Finding, corrected
from src.analysis.depth.positive import share
from src.analysis.depth.steepness import steepness_against_distance
from src.statistics.estimate import Estimate
from src.statistics.fieller import interval_of_ratio

ROUNDS, SEEDS, MODELS, CELLS, PUBLISHED = 600, 5, 3, 60, 0.99
SURE = 2.5 * (0.06 * 0.94 / ROUNDS) ** 0.5
"""Of so many made studies."""
GROUP = ["wiring", "size", "objective", "data", "method"]
MODELS_OF = {"gpt2": ("sequential", "small"), "neox": ("parallel", "small")}
MODELS_OF |= {"opt": ("sequential", "large"), "pythia": ("parallel", "large")}
NO_SHARES = pandas.DataFrame(columns=["explained_by", "eta_squared", "between_architectures"])


def crossed(**names):
    """Every combination, a row each."""
    return pandas.MultiIndex.from_product(names.values(), names=names).to_frame(index=False)


def slopes(random, kept, rounds=ROUNDS):
    """Of four groups of one model in every made study; `kept` of the slope stays under equal steps."""
    table = crossed(round=range(rounds), model=MODELS_OF, control=["none", "equal_step"], seed=range(SEEDS))
    wiring, size = zip(*table["model"].map(MODELS_OF), strict=True)
    means = table["control"].map({"none": 1.0, "equal_step": kept})
    table = table.assign(wiring=wiring, size=size, objective="causal_lm", data="d", method="m")
    return table.assign(label=table["model"], value=means + random.normal(0, 0.3, len(table)))


def distances(random):
    """Steepness that has nothing to do with distance, of two architectures."""
    cells = crossed(metric=range(ROUNDS), architecture=["a", "b"], cell=range(6))
    cells = cells.assign(steepness=random.normal(size=len(cells)), distance=random.normal(size=len(cells)))
    return steepness_against_distance(cells, ["metric"], "architecture").assign(distance_kind="d")


def widths(random):
    """Of models that scatter, whatever their kind and wiring."""
    models = crossed(metric=range(ROUNDS), side=["decoder sequential", "decoder parallel", "encoder sequential"],
                     number=range(MODELS))  # fmt: skip
    table = models.assign(level=random.normal(size=len(models))).merge(
        crossed(seed=range(SEEDS)), how="cross"
    )
    table[["kind", "wiring"]] = table["side"].str.split(" ", expand=True)
    table = table.assign(model=table["side"] + table["number"].astype(str), quantity="width", control="none")
    return width_order(table.assign(value=table["level"] + random.normal(0, 0.1, len(table)), objective="o"))


def studies(random, kept, truth):
    """The claims of every made study; `truth` is the share of cells with a positive slope."""
    table = slopes(random, kept)
    groups = dict(list(decompose(table, ["round", *GROUP]).groupby("round")))
    cells = dict(list(decompose(table, ["round", *GROUP, "model", "label"]).groupby("round")))
    ranks, order = (dict(list(one.groupby("metric"))) for one in (distances(random), widths(random)))
    for at in range(ROUNDS):
        count = share(int(random.binomial(CELLS, truth)), CELLS)
        positive = pandas.DataFrame([{"unit": unit, **count} for unit in ("runs", "cells")])
        yield [
            findings.positive_slopes(positive, PUBLISHED),
            equal_step_verdicts.sequential_keeps(groups[at], cells[at]),
            equal_step_verdicts.larger_keep(groups[at], cells[at]),
            findings.steepness(ranks[at]),
            findings.width(order[at], NO_SHARES),
        ]


@pytest.mark.parametrize(("kept", "truth", "wrong"), [
    (0.0, (0.5 + PUBLISHED) / 2, "confirmed"),
    (0.5, PUBLISHED, "absent"),
])  # fmt: skip
def test_any_word_is_wrong_in_six_of_a_hundred_studies_at_most(kept, truth, wrong):
    """Both errors: claims that are not there are confirmed, and claims that are there are called absent; of
    steepness and width, where nothing is, every word is wrong.
    """
    alone = together = 0
    for found in studies(numpy.random.default_rng(2), kept, truth):
        for one in found:
            assert math.isnan(one.pvalue) == (one.verdict == "undecided"), one
        alone += any(is_wrong(one, wrong) for one in found)
        together += any(is_wrong(one, wrong) for one in corrected(found))
    assert together / ROUNDS <= 0.06 + SURE
    assert alone / ROUNDS > 0.06 + SURE  # what the correction is for


def is_wrong(one, wrong):
    nothing_there = one.name in ("steepness_with_objective_distance", "width_by_architecture")
    return one.verdict in (("confirmed", "reversed") if nothing_there else (wrong,))


def test_a_word_depends_on_what_was_declared_and_not_on_what_was_run():
    sure, unsure = Finding("a", "confirmed", "ours", 0.009), Finding("b", "none", "no such runs")
    assert corrected([sure])[0] == sure
    assert corrected([sure, *[unsure] * 4])[0].verdict == "confirmed"
    fell = corrected([sure, *[unsure] * 5])[0]
    assert fell.verdict == "undecided" and fell.ours == (
        "ours; alone confirmed, not among 6 declared claims (Holm's p = 0.054)"
    )
    strong = Finding("c", "absent", "ours", 0.001)
    assert [one.verdict for one in corrected([sure, strong, *[unsure] * 4])[:2]] == ["confirmed", "absent"]


def test_errors_of_words_are_the_levels_of_their_intervals():
    """Fieller's interval of the share kept at that level ends at one half; of a kept slope at 0."""
    random = numpy.random.default_rng(5)
    table = slopes(random, 0.1, 1)
    row = decompose(table, GROUP).iloc[0]
    one = table[(table["wiring"] == "sequential") & (table["size"] == "small")]
    whole, stays = (one.loc[one["control"] == name, "value"].to_numpy() for name in ("none", "equal_step"))

    def of(values):
        return Estimate(values.mean(), values.std(ddof=1) / SEEDS**0.5, SEEDS - 1, SEEDS)

    assert row["share_kept_high"] < 0.5 and row["share_kept_p"] < 0.05
    value, level = stays.mean() / whole.mean(), row["share_kept_p"]
    _, high = interval_of_ratio(lambda r: of(stays - r * whole), value, of(whole), level * (1 + 1e-9))
    assert high == pytest.approx(0.5, abs=1e-6)
    assert row["equal_step_p"] == pytest.approx(of(stays).pvalue)
