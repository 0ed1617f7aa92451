"""The excess over a random push: which draws stand beside which runs, and how often its interval is right."""

import json
import math

import numpy
import pandas
import pytest

from src.analysis.depth.depth_study import depth_study
from src.analysis.depth.finding import Finding, beyond_both
from src.analysis.depth.null import AS_IT_IS, excess_over, readings, with_null
from src.analysis.depth.published_findings import judge
from src.analysis.depth.seed_means import over_seeds
from src.analysis.experiment import read_study
from src.analysis.material import Material
from src.probe.table.depth_profile import linear_slope

EXCESS = excess_over("random_direction")


def studied(folder):
    return depth_study(Material(read_study(folder)))


def rows_of(control, values, source=None, objective="causal_lm", model="a"):
    """A number a seed of one model; `source`: the run whose sizes a push took over."""
    return pandas.DataFrame({
        "run": [f"{control}-{objective}-{seed}" for seed in range(len(values))], "model": model, "rows": "r",
        "method": "full", "arm": "whole", "objective": objective, "control": control, "source": source,
        "seed": range(len(values)), "metric": "m", "quantity": "relative_slope", "value": values,
    })  # fmt: skip


def test_a_draw_stands_beside_the_run_of_its_seed():
    numbers = pandas.concat(
        [rows_of("none", [3.0, 5.0, 7.0]), rows_of("equal_step", [4.0], objective="simcse")]
    )
    found = readings(numbers, rows_of("random_direction", [1.0, 2.0]))
    assert list(found) == [AS_IT_IS, "random_direction", EXCESS]
    assert found[EXCESS]["value"].tolist() == [2.0, 3.0, 3.0]  # the third seed has no draw
    assert found["random_direction"]["value"].tolist() == [1.0, 2.0, 1.0]


def test_a_push_by_the_sizes_of_a_run_is_the_null_of_this_run_alone():
    numbers = pandas.concat([rows_of("none", [3.0, 5.0]), rows_of("equal_step", [4.0, 4.5])])
    draws = rows_of("random_direction", [1.0, 1.5], source="equal_step-causal_lm-1")
    found = with_null(numbers, draws)
    assert found[["run", "null"]].to_numpy().tolist() == [["equal_step-causal_lm-1", 1.25]]
    both = with_null(numbers, pandas.concat([draws, rows_of("random_direction", [2.0, 2.5])]))
    assert both["null"].tolist() == [2.0, 2.5, 2.0, 1.25]


def test_other_rows_or_models_are_no_null():
    numbers, push = rows_of("none", [3.0]), rows_of("random_direction", [1.0])
    for changed in (push.assign(rows="s"), push.assign(model="b"), push.assign(arm="mid")):
        assert list(readings(numbers, changed)) == [AS_IT_IS]


def test_the_excess_of_one_draw_over_another_covers_zero_at_its_level():
    """Profiles of random increments, which rise with depth as those of a push do: 93 to 98 % cover 0."""
    rng, depth = numpy.random.default_rng(11), numpy.linspace(0, 1, 9)
    num_studies, num_seeds = 1500, 4
    steps = rng.chisquare(3, size=(2, num_studies, num_seeds, 8))
    profiles = numpy.concatenate([numpy.zeros((*steps.shape[:3], 1)), numpy.sqrt(steps.cumsum(-1))], -1)
    slopes = numpy.apply_along_axis(lambda y: linear_slope(depth, y)[0] / y[1:].mean(), -1, profiles)
    sides = ("none", "random_direction")
    numbers, pushes = (
        rows_of(control, side.ravel()).assign(
            model=numpy.repeat(numpy.arange(num_studies), num_seeds),
            seed=numpy.tile(numpy.arange(num_seeds), num_studies),
        )
        for control, side in zip(sides, slopes, strict=True)
    )
    excess = over_seeds(readings(numbers, pushes)[EXCESS], ["model"])
    covered = ((excess["ci_low"] <= 0) & (excess["ci_high"] >= 0)).mean()
    assert (slopes > 0).mean() > 0.99  # as it is every draw has a slope
    assert 0.93 <= covered <= 0.98


def test_what_a_push_has_too_is_not_kept(write_run, write_nulls, tmp_path):
    """Slopes that stay under equal steps, and are those of the null: as they are kept, beyond it nothing is."""
    write_nulls(["tiny_gpt2"], slope=1.0, num_draws=5)
    rng = numpy.random.default_rng(2)
    for control, slope, seed in [
        (c, s, i) for c, s in (("none", 1.5), ("equal_step", 1.0)) for i in range(5)
    ]:
        write_run(slope + rng.normal(0, 0.02), "tiny_gpt2", "causal_lm", control, seed)
    depth = studied(tmp_path / "study")
    assert depth.extent.draws == 5
    assert depth.extent.runs == 10
    kept = (
        depth.read("groups")
        .query("metric == 'procrustes_distance' and quantity == 'slope'")
        .set_index("reading")
    )
    assert kept.loc[AS_IT_IS, "share_kept"] == pytest.approx(2 / 3, abs=0.05)
    assert kept.loc[EXCESS, "standard"] == pytest.approx(0.5, abs=0.05)
    assert kept.loc[EXCESS, "share_kept"] == pytest.approx(0, abs=0.1)
    found = {one.name: one for one in judge(depth, 189 / 190)}
    assert found["equal_step_sequential_keeps_slope"].verdict == "absent"
    assert found["positive_slopes"].ours.startswith("5 of 5 runs")


def test_a_push_that_serves_two_objectives_is_counted_once(write_run, write_nulls, tmp_path):
    write_nulls(["tiny_gpt2"], slope=1.0, num_draws=3)
    for objective in ("causal_lm", "simcse"):
        for seed in range(3):
            write_run(1.5, "tiny_gpt2", objective, "none", seed)
    found = studied(tmp_path / "study").read("positive")
    slopes = found.query("metric == 'procrustes_distance' and quantity == 'relative_slope'")
    counts = slopes.set_index(["reading", "unit"])["num_units"]
    assert counts["random_direction"].to_dict() == {"runs": 3, "cells": 1}
    assert counts[EXCESS].to_dict() == counts[AS_IT_IS].to_dict() == {"runs": 6, "cells": 2}


def test_without_a_null_nothing_is_judged(write_run, tmp_path):
    for control, seed in [(c, s) for c in ("none", "equal_step") for s in range(3)]:
        write_run(1.0 + seed / 100, "tiny_gpt2", "causal_lm", control, seed)
    depth = studied(tmp_path / "study")
    assert depth.null is None
    assert {one.verdict for one in judge(depth, 189 / 190)} == {"no null", "none"}
    assert set(depth.read("slopes")["reading"]) == {AS_IT_IS}


def test_a_claim_that_holds_in_one_kind_of_slope_alone_is_called_so(write_run, write_nulls, tmp_path):
    """The push is four times as small: its absolute slope is below that of the runs, its relative one above."""
    for seed in range(3):
        write_run(0.5 + seed / 100, "tiny_gpt2", seed=seed, level=2.0)
        write_run(0.2 + seed / 100, "tiny_gpt2", control="random_direction", seed=seed, level=0.5)
    found = {one.name: one for one in judge(studied(tmp_path / "study"), 189 / 190)}["positive_slopes"]
    assert found.ours.startswith("0 of 3 runs")
    assert "; in absolute slopes undecided: 3 of 3 runs" in found.ours


def test_a_null_is_in_no_other_count(write_run, write_nulls, tmp_path):
    write_nulls(["tiny_gpt2"], num_draws=2)
    folder = write_run(1.0)
    told = json.loads((folder / "run.json").read_text())
    assert told["choices"]["control"] == "none"
    study = read_study(tmp_path / "study")
    assert [run.name for arm in study.arms for run in arm.runs.values()] == [folder.name]
    assert [sorted(arm.runs) for arm in study.nulls] == [[0, 1]]
    assert study.factors == []


@pytest.mark.parametrize("choice", ["random_direction", "my_push"])
def test_which_null_a_push_is_follows_from_what_it_kept(write_run, write_nulls, configure, tmp_path, choice):
    """A run with control.spectrum=true is no draw of the null without it, whatever its file is called."""
    write_nulls(["tiny_gpt2"], num_draws=1)
    trained = write_run(1.0)
    pushed = write_run(0.5, control=choice, seed=1, told={"source": trained.name})
    configure(pushed, control={"kind": "random_direction", "spectrum": True, "source": str(trained)})
    found = studied(tmp_path / "study")
    assert found.pushes.groupby("control")["run"].nunique().to_dict() == {
        "random_direction": 1, "random_spectrum": 1,
    }  # fmt: skip
    assert list(found.readings) == [
        AS_IT_IS, "random_direction", EXCESS, "random_spectrum", excess_over("random_spectrum"),
    ]  # fmt: skip


def spectrum_beside(write_run, configure, runs, slope):
    """A push with the singular values of each run's update."""
    for seed, run in runs.items():
        pushed = write_run(
            slope + seed / 100, "tiny_gpt2", "causal_lm", "random_spectrum", seed, told={"source": run.name}
        )
        configure(pushed, control={"kind": "random_direction", "spectrum": True, "source": str(run)})


def test_a_finding_has_a_word_only_where_it_has_it_beyond_both_nulls(
    write_run, write_nulls, configure, tmp_path
):
    """The slope is beyond the equal push, and that of the push with the same spectrum is steeper yet."""
    write_nulls(["tiny_gpt2"], slope=0.1, num_draws=5)
    runs = {seed: write_run(1.0 + seed / 50, "tiny_gpt2", seed=seed) for seed in range(5)}
    for seed in range(5):
        write_run(0.9 + seed / 50, "tiny_gpt2", "causal_lm", "equal_step", seed)
    spectrum_beside(write_run, configure, {seed: runs[seed] for seed in range(4)}, 2.0)
    partly = studied(tmp_path / "study")
    assert partly.further_nulls == []  # a run has none
    spectrum_beside(write_run, configure, {4: runs[4]}, 2.0)
    depth = studied(tmp_path / "study")
    assert depth.further_nulls == ["random_spectrum"]
    before, found = ({one.name: one for one in judge(one, 1.0)} for one in (partly, depth))
    kept = "equal_step_sequential_keeps_slope"
    assert found[kept] == before[kept]  # no such push stands beside equal steps
    assert "; beyond random spectrum absent: 0 of 5 runs" in found["positive_slopes"].ours
    assert found["positive_slopes"].verdict == "undecided"


@pytest.mark.parametrize(("first", "second", "word", "pvalue"), [
    (("confirmed", 0.01), ("confirmed", 0.03), "confirmed", 0.03),
    (("confirmed", 0.01), ("undecided", math.nan), "undecided", math.nan),
    (("undecided", math.nan), ("absent", 0.01), "undecided", math.nan),
    (("absent", 0.01), ("none", math.nan), "absent", 0.01),
    (("none", math.nan), ("absent", 0.01), "none", math.nan),
])  # fmt: skip
def test_of_two_words_the_weaker_stays(first, second, word, pvalue):
    one, other = (Finding("name", verdict, "ours", error) for verdict, error in (first, second))
    found = beyond_both(one, other, "random_spectrum")
    assert found.verdict == word and found.pvalue == pytest.approx(pvalue, nan_ok=True)
