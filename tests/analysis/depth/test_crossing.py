from types import SimpleNamespace

import numpy
import pytest
from scipy import stats
from statsmodels.formula.api import ols
from statsmodels.stats.multitest import multipletests

from src.analysis.answers import Answers, difference
from src.analysis.arm_scores import ArmScores, scatter_between, share_scatter
from src.analysis.depth.crossing import Crossed, corrected, cross, survives
from src.statistics.estimate import Estimate

CONTROLS = ("none", "equal_step")


def answers(value, items=None):
    ids = () if items is None else tuple(map(str, range(len(items))))
    return Answers(value, None, 200, ids, items)


@pytest.fixture
def scores():
    """Mid-Block gains 0.10 under standard training and 0.02 under equal steps; seeds are unlike."""
    rng = numpy.random.default_rng(0)
    hard = rng.normal(0, 0.1, 5)

    def score(band, control, seed):
        gain = 0.10 if control == "none" else 0.02
        return 0.4 + hard[seed] + gain * (band == "mid") + rng.normal(0, 0.005)

    return {
        (band, control): ArmScores(None, tuned={seed: answers(score(band, control, seed)) for seed in range(5)})
        for band in ("whole", "mid") for control in CONTROLS
    }  # fmt: skip


def test_the_change_is_the_interaction_of_a_linear_model_with_seeds(scores):
    found = cross(scores, "mid", "whole")
    rows = [
        {"band": band, "control": control, "seed": seed, "value": one.value}
        for (band, control), arm in scores.items() for seed, one in arm.tuned.items()
    ]  # fmt: skip
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    formula = "value ~ C(band, Treatment('whole')) * C(control, Treatment('equal_step')) + C(seed)"
    (interaction,) = [value for name, value in ols(formula, columns).fit().params.items() if ":" in name]
    assert found.change.value == pytest.approx(interaction)
    assert found.standard.value == pytest.approx(0.10, abs=0.02)
    assert found.equal_step.value == pytest.approx(0.02, abs=0.02)
    assert (found.change.num_seeds, found.change.num_items) == (5, None)


def test_items_are_paired_and_their_scatter_counts():
    """Every seed finds the same change, but only some items show it: seeds alone would be sure, items are not."""
    rng = numpy.random.default_rng(1)
    gain = rng.normal(0.1, 0.5, 40)
    base = rng.normal(0, 10, (5, 40))

    def cell(band, control):
        items = base + (gain if (band, control) == ("mid", "none") else 0)
        return ArmScores(None, tuned={seed: answers(items[seed].mean(), items[seed]) for seed in range(5)})

    sides = {(band, control): cell(band, control) for band in ("whole", "mid") for control in CONTROLS}
    found = cross(sides, "mid", "whole")
    assert found.change.value == pytest.approx(gain.mean())
    assert found.change.num_items == 40
    assert found.change.stderr == pytest.approx(gain.std(ddof=1) / numpy.sqrt(40))
    assert found.equal_step.value == pytest.approx(0)


def test_a_seed_without_all_four_cells_enters_none_of_the_numbers(scores):
    del scores["whole", "none"].tuned[4]
    assert [one.num_seeds for one in cross(scores, "mid", "whole")] == [4, 4, 4]
    assert cross({key: side for key, side in scores.items() if key[1] == "none"}, "mid", "whole") is None


@pytest.mark.parametrize(
    ("standard", "equal_step", "change", "verdict"),
    [
        (0.1, 0.1, 0.0, "kept"),
        (0.1, 0.06, 0.04, "kept"),
        (0.1, 0.01, 0.09, "lost"),
        (0.06, 0.02, 0.04, "open"),
        (0.0, 0.1, -0.1, "none"),
    ],
)
def test_the_sentence_follows_the_intervals(standard, equal_step, change, verdict):
    found = Crossed(
        *(Estimate(value, 0.018, 4, 5, 200) for value in (standard, equal_step, change))
    )  # +- 0.05
    verdict_found, sentence = survives(found, *corrected([found]))
    assert verdict_found == verdict
    low, high = found.change.interval()
    assert f"a fall of {change:+.3f} [{low:+.3f}, {high:+.3f}] (n = 5 seeds x 200 items)" in sentence


def test_two_seeds_say_nothing():
    one = Estimate(0.1, 0.001, 1, 2)
    assert survives(Crossed(one, one, one), *corrected([Crossed(one, one, one)])) == (
        "open",
        "2 seeds ran in all four cells; needed: 3.",
    )


def test_many_bands_and_scores_are_corrected_together():
    """p = 0.02 alone is an advantage; among 20 crossings that show none it is what chance makes."""
    standard = Estimate(0.1, 0.1 / stats.t.ppf(0.99, 4), 4, 5)
    nothing = Estimate(0.0, 0.03, 4, 5)
    one, others = Crossed(standard, nothing, standard), [Crossed(nothing, nothing, nothing)] * 19
    assert standard.pvalue == pytest.approx(0.02)
    assert survives(one, *corrected([one]))[0] == "lost"
    tests = corrected([one, *others])
    expected = multipletests([found.standard.pvalue for found in [one, *others]], method="holm")[1]
    assert [test.standard.pvalue for test in tests] == pytest.approx(expected)
    assert survives(one, tests[0])[0] == "none"


def test_an_advantage_has_the_interval_that_every_other_section_gives_it(scores):
    arms = list(scores.values())
    for arm in arms:
        arm.arm = SimpleNamespace(band="01110")
    share_scatter(arms)
    mid, whole = scores["mid", "none"], scores["whole", "none"]
    alone = difference(mid.tuned, whole.tuned, scatter_between([mid, whole]))
    assert cross(scores, "mid", "whole").standard == alone
    assert alone != difference(mid.tuned, whole.tuned)
