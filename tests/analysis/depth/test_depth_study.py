"""From run folders to tables and findings."""

import numpy
import pytest

from src.analysis.depth.depth_study import analyse
from src.analysis.depth.published_findings import judge
from src.analysis.experiment import read_study

PUBLISHED = 189 / 190


def arms_of(folder):
    study = read_study(folder)
    return [*study.arms, *study.nulls]


def test_failed_runs_and_those_that_trained_a_band_do_not_enter(write_run):
    write_run(0.5, seed=0)
    write_run(0.5, seed=1, status="failed", error="x")
    folder = write_run(0.5, seed=2, band="mid")
    depth = analyse(arms_of(folder.parent))
    assert depth.numbers["seed"].unique().tolist() == [0]


def test_the_pattern_that_was_put_in_is_found(study):
    depth = analyse(arms_of(study))
    found = {one.name: one for one in judge(depth, PUBLISHED)}
    assert {name: one.verdict for name, one in found.items()} == {
        "positive_slopes": "undecided",
        "equal_step_sequential_keeps_slope": "confirmed",
        "equal_step_parallel_keeps_slope": "confirmed",
        "equal_step_larger": "confirmed",
        "steepness_with_objective_distance": "none",
        "width_by_architecture": found["width_by_architecture"].verdict,
    }
    assert "48 of 48 runs" in found["positive_slopes"].ours
    alone = 2 * ((0.5 + PUBLISHED) / 2) ** 16  # all of 16 cells; with it three claims are left
    told = f"alone confirmed, not among 6 declared claims (Holm's p = {3 * alone:.2g})"
    assert found["positive_slopes"].ours.endswith(told)
    groups = depth.groups.set_index(["wiring", "size", "objective", "metric", "quantity"])
    row = groups.loc[("parallel", "small", "contrastive", "procrustes_distance", "slope")]
    assert row["share_removed"] == pytest.approx(1, abs=0.05)
    row = groups.loc[("sequential", "small", "contrastive", "procrustes_distance", "slope")]
    assert row["share_removed"] == pytest.approx(0.5, abs=0.05)
    assert row["num_cells"] == 3


def test_the_contrast_of_wirings_is_where_it_was_put(study):
    table = analyse(arms_of(study)).contrasts
    table = table[(table["metric"] == "procrustes_distance") & (table["quantity"] == "slope")]
    table = table[(table["contrast"] == "sequential - parallel") & (table["at"] == "small")]
    found = table.set_index(["objective", "control"])["value"]
    assert found["contrastive", "none"] == pytest.approx(0, abs=0.03)
    assert found["contrastive", "equal_step"] == pytest.approx(0.5, abs=0.03)
    assert found["contrastive", "removed"] == pytest.approx(-0.5, abs=0.05)
    assert found["causal_lm", "equal_step"] == pytest.approx(0, abs=0.03)


def test_without_the_pattern_it_is_not_found(write_run, write_nulls, tmp_path):
    write_nulls(["tiny_gpt2", "tiny_gpt_neox"])
    rng = numpy.random.default_rng(1)
    for model in ("tiny_gpt2", "tiny_gpt_neox"):
        for objective in ("causal_lm", "contrastive"):
            for control, seed in [(c, s) for c in ("none", "equal_step") for s in range(3)]:
                write_run(-1 + rng.normal(0, 0.01), model, objective, control, seed)
    found = {one.name: one.verdict for one in judge(analyse(arms_of(tmp_path / "study")), PUBLISHED)}
    assert found["positive_slopes"] == "absent"
    assert found["equal_step_sequential_keeps_slope"] == "absent"
    assert found["equal_step_parallel_keeps_slope"] == "absent"
    assert found["equal_step_larger"] == "none"


def test_no_control_and_one_seed_are_tables_with_gaps(write_run, write_nulls):
    write_nulls(["tiny_gpt2"], num_draws=1)
    depth = analyse(arms_of(write_run(0.5).parent))
    assert depth.decomposition.empty
    assert depth.contrasts.empty
    assert depth.slopes["ci_low"].isna().all()
    verdicts = {one.name: one.verdict for one in judge(depth, PUBLISHED)}
    assert verdicts.pop("positive_slopes") == "undecided"
    assert set(verdicts.values()) == {"none"}
