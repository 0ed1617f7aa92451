"""Arms, contrasts and what is left out, on made-up runs with a known answer."""

import json
import shutil

import numpy
import pytest
import yaml

from src.analysis.answers import difference
from src.analysis.arm_scores import read_scores
from src.analysis.contrasts import contrasts
from src.analysis.experiment import read_study
from src.analysis.find_runs import find_runs
from src.bench.made_runs import MadeStudy, make_runs

BANDS = ("whole", "01110", "00001")


@pytest.fixture
def made(tmp_path):
    """Three bands, three seeds, one scaling."""
    folder = tmp_path / "made"
    make_runs(folder, MadeStudy(bands=BANDS, scalings=("fixed_alpha",), effects={"00001": -0.25}))
    return folder


def change(run, **changes):
    path = run / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def configure(run, **changes):
    path = run / "config.yaml"
    config = yaml.safe_load(path.read_text())
    for key, value in changes.items():
        group, _, name = key.partition("__")
        config[group][name] = value
    path.write_text(yaml.safe_dump(config))


def runs_of(folder, band):
    return sorted(run.folder for run in find_runs(folder) if run.record["choices"]["band"] == band)


def test_arms_are_what_differs_in_nothing_but_the_seed(made):
    study = read_study(made)
    assert study.factors == ["band"]
    assert {arm.band: sorted(arm.runs) for arm in study.arms} == {
        "00001": [0, 1, 2], "01110": [0, 1, 2], "11111": [0, 1, 2],
    }  # fmt: skip
    assert study.left_out == []


def test_a_setting_that_follows_from_the_band_is_no_factor(made):
    for run in runs_of(made, "00001"):
        configure(run, method__rank=80)
    study = read_study(made)
    assert (study.factors, study.follow) == (["band"], ["method.rank"])


def test_two_optimizers_at_a_rate_each_are_told_apart_by_name_and_not_by_rate(made):
    for run in runs_of(made, "01110"):
        configure(run, train__optimizer="sgd", train__learning_rate=0.1)
        again = run.with_name(run.name + "-adamw")
        shutil.copytree(run, again)
        configure(again, train__optimizer="adamw", train__learning_rate=0.0005)
    study = read_study(made)
    assert study.factors == ["band", "train.optimizer"]
    assert study.follow == ["train.learning_rate"]


def test_a_setting_that_varies_within_a_band_makes_arms(made):
    configure(runs_of(made, "00001")[0], train__learning_rate=0.01)
    study = read_study(made)
    assert study.factors == ["band", "train.learning_rate"]
    assert sorted(study.condition(arm) for arm in study.arms) == ["0.0005", "0.0005", "0.0005", "0.01"]
    lonely = next(arm for arm in study.arms if study.condition(arm) == "0.01")
    assert study.baseline(lonely) is None
    assert any("seeds 0 of 0, 1, 2" in line for line in study.missing_seeds())


def test_whole_stack_runs_stand_in_for_the_other_meaning_of_alpha(tmp_path):
    folder = tmp_path / "made"
    make_runs(folder, MadeStudy(bands=BANDS, seeds=(0,)))
    for run in find_runs(folder):
        if run.record["choices"]["band"] == "whole" and run.config["method.scaling"] == "fixed_alpha":
            shutil.rmtree(run.folder)
    study = read_study(folder)
    baselines = {study.baseline(arm).factors["method.scaling"] for arm in study.arms}
    assert baselines == {"alpha_over_r"}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"schema_version": 7}, "schema version 7; this report reads version 1"),
        ({"schema_version": None}, "schema version None"),
        (
            {"status": "failed", "error": "TrainingError: the loss is nan"},
            "failed: TrainingError: the loss is nan",
        ),
        ({"model": {"fingerprint": "other"}}, "other model weights (by fingerprint)"),
        ({"data": {"fingerprint": "other"}}, "other data rows (by fingerprint)"),
    ],
)
def test_what_cannot_be_compared_is_told_and_the_rest_is_compared(made, changes, reason):
    spoiled = runs_of(made, "01110")[1]
    change(spoiled, **changes)
    study = read_study(made)
    ((run, told),) = study.left_out
    assert (run.name, told.startswith(reason)) == (spoiled.name, True)
    assert len(study.compared) == 8
    assert any("seeds 0, 2 of 0, 1, 2" in line for line in study.missing_seeds())


def test_the_older_of_two_runs_of_one_arm_and_seed_is_left_out(made):
    first = runs_of(made, "01110")[0]
    shutil.copytree(first, made / "again")
    change(made / "again", written="2027-01-01T00:00:00+00:00")
    ((run, told),) = read_study(made).left_out
    assert (run.name, told) == (first.name, "same arm and seed as again, which is newer")


def test_runs_that_answered_other_items_are_told_and_the_rest_is_compared(made):
    odd = runs_of(made, "01110")[2]
    lines = [json.loads(line) for line in (odd / "samples.jsonl").read_text().splitlines()]
    for line in lines:
        line["id"] = "x" + line["id"] if line["id"] == f"{5:016x}" else line["id"]
    (odd / "samples.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    scores = read_scores(read_study(made))
    for task in scores:
        ((run, told),) = task.problems
        assert run.name == odd.name
        total = 200 if task.task == "heldout" else 100
        assert f"{total} items, {total - 1} of them among the {total}" in told
    arm = next(one for one in scores[0].arms if one.arm.band == "01110")
    assert sorted(arm.tuned) == [0, 1]


def rename_items(run, mark):
    """Its heldout items are others."""
    lines = [json.loads(line) for line in (run / "samples.jsonl").read_text().splitlines()]
    for line in lines:
        line["id"] = mark + line["id"] if line["task"] == "heldout" else line["id"]
    (run / "samples.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_where_each_seed_draws_its_rows_seeds_are_the_units_and_an_odd_run_is_told(made):
    """The difference is that of the seeds' means, by Student's t where arms scatter alike."""
    for run in [found.parent for found in made.glob("*/run.json")]:
        seed = json.loads((run / "run.json").read_text())["seed"]
        configure(run, data__seed=seed)
        rename_items(run, f"{seed}-")
    odd = runs_of(made, "01110")[2]
    rename_items(odd, "x")
    (heldout,) = [task for task in read_scores(read_study(made)) if task.task == "heldout"]
    ((run, told),) = heldout.problems
    assert run.name == odd.name and "200 items, 0 of them among the 200" in told
    by_band = {one.arm.band: one for one in heldout.arms}
    assert sorted(by_band["01110"].tuned) == [0, 1]
    first, whole = by_band["00001"], by_band["11111"]
    gaps = [first.tuned[seed].value - whole.tuned[seed].value for seed in (0, 1, 2)]
    found = difference(first.tuned, whole.tuned)
    assert (found.value, found.num_seeds) == (pytest.approx(numpy.mean(gaps)), 3)
    assert found.stderr == pytest.approx(numpy.std(gaps, ddof=1) / 3**0.5)


@pytest.mark.parametrize("name", ["layers.csv", "samples.jsonl", "steps.jsonl"])
def test_a_damaged_file_costs_what_it_held_and_is_named(made, name):
    torn = runs_of(made, "01110")[0]
    (torn / name).write_text('{"stage": "tuned", [')
    study = read_study(made)
    read_scores(study)
    run = next(run for run in study.runs if run.folder == torn)
    assert run.layers is None or name != "layers.csv"
    assert run.steps == [] or name != "steps.jsonl"
    assert len(run.damaged) == 1
    assert run.damaged[0].startswith(f"{name} cannot be read")


def test_contrasts_find_the_effect_that_was_made_and_pair_items(made):
    study = read_study(made)
    task = read_scores(study)[0]
    found = {one.name: one for one in contrasts(study, task)}
    assert set(found) == {"pretrained", "01110", "00001"}
    edge, middle = found["00001"], found["01110"]
    assert edge.estimate.num_items == 200
    assert edge.interval[1] < 0
    assert edge.interval[0] < -0.25 + 0.05 < 0
    assert middle.interval[0] < 0 < middle.interval[1]
    assert edge.corrected.pvalue < 0.001 < middle.corrected.pvalue
    assert set(edge.mcnemar) == {0, 1, 2}
    values = {one.arm.band: one for one in task.arms}
    expected = numpy.mean(
        [values["00001"].tuned[s].value - values["11111"].tuned[s].value for s in (0, 1, 2)]
    )
    assert edge.estimate.value == pytest.approx(expected)


def test_scores_without_items_are_compared_over_seeds(made):
    for run in find_runs(made):
        (run.folder / "samples.jsonl").unlink()
    study = read_study(made)
    edge = next(one for one in contrasts(study, read_scores(study)[0]) if one.name == "00001")
    assert (edge.estimate.num_items, edge.mcnemar) == (None, {})
    assert 2 <= edge.estimate.freedom <= 6  # one arm keeps its own scatter, the others share theirs
    assert edge.interval[1] < 0
