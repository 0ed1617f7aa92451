"""What the report calls another ability, and what it says of its change."""

import csv
import io
from dataclasses import replace
from itertools import combinations
from types import SimpleNamespace

import numpy
import pytest
import yaml
from scipy import stats
from statsmodels.stats.multitest import multipletests

from src.analysis.answers import Answers
from src.analysis.arm_scores import ArmScores, TaskScores, share_scatter
from src.analysis.arms import Arm
from src.analysis.experiment import read_study
from src.analysis.find_runs import find_runs
from src.analysis.material import Material
from src.analysis.own_task import is_trained
from src.analysis.runs import Run
from src.analysis.segment_contrasts import FIFTHS, against_other_fifths, fifth_pairs
from src.bench.made_runs import MadeStudy, make_runs
from src.report.sections.forgetting import SECTION
from src.report.table_csv import csv_text


def blocks_of(folder):
    return {type(one).__name__ + one.name: one for one in SECTION.part(Material(read_study(folder))).blocks}


def rows_of(table):
    return list(csv.DictReader(io.StringIO(csv_text(table))))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The data were arithmetic: one ability is the same data under another name."""
    folder = tmp_path_factory.mktemp("runs") / "made"
    tasks = {"heldout": 100, "sums": 100, "gcd": 200}
    make_runs(folder, MadeStudy(bands=("whole", *FIFTHS), effects={"00001": -0.3}, tasks=tasks))
    for run in find_runs(folder):
        config = yaml.safe_load((run.folder / "config.yaml").read_text())
        config["evaluate"]["retention_tasks"] = {
            "sums": dict(config["data"], name="sums"),
            "gcd": {"name": "gcd"},
        }
        (run.folder / "config.yaml").write_text(yaml.safe_dump(config))
    return folder


@pytest.mark.parametrize(
    ("data", "task", "abilities", "expected"),
    [
        ({}, "heldout", {}, True),
        ({}, "gsm8k", {}, True),
        ({}, "gsm8k_cot", {}, True),
        ({}, "mmlu", {}, False),
        ({}, "english", {}, False),
        ({"corpus": "english"}, "english", {}, True),
        ({"id": "openai/gsm8k"}, "maths", {"maths": {"name": "maths", "id": "openai/gsm8k"}}, True),
        ({"generator": "gcd"}, "divisors", {"divisors": {"name": "divisors", "generator": "gcd"}}, True),
        ({"generator": None}, "gcd", {"gcd": {"name": "gcd", "generator": "gcd", "path": None}}, False),
    ],
)
def test_a_task_of_the_runs_own_data_is_no_other_ability(tmp_path, data, task, abilities, expected):
    config = {"data": {"name": "gsm8k"} | data, "evaluate": {"retention_tasks": abilities}}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    run = Run(tmp_path, {"choices": {"data": "gsm8k"}}, None)
    assert is_trained(run, task) is expected


def test_the_trained_data_under_another_name_are_not_shown_as_forgotten(made):
    assert list(blocks_of(made)["Chartforgetting"].plots) == ["gcd (exact match)"]


def test_the_change_of_every_band_is_a_table_with_its_interval(made):
    rows = rows_of(blocks_of(made)["Tableforgetting"])
    assert {row["task"] for row in rows} == {"gcd (exact match)"}
    assert len(rows) == 12  # six bands, two scalings
    by_band = {row["band"]: row for row in rows if row["condition"] == "fixed_alpha"}
    last, first = by_band["00001"], by_band["10000"]
    for row in (last, first):
        assert float(row["ci_low"]) < float(row["value"]) < float(row["ci_high"])
    assert float(first["value"]) - float(last["value"]) == pytest.approx(0.3, abs=0.08)
    assert last["num_seeds"] == "3"


def test_a_fifth_that_forgets_more_than_the_others_is_found(made):
    rows = rows_of(blocks_of(made)["Tableforgetting_fifths"])
    assert len(rows) == 10
    told = {(row["condition"], row["band"]) for row in rows
            if float(row["p_holm"]) < 0.05 and float(row["value"]) < 0}  # fmt: skip
    assert told == {("fixed_alpha", "00001"), ("alpha_over_r", "00001")}


def five_fifths(scores):
    """Arms of bands that scatter alike, as the test of scatter has it, with a score a seed."""
    arms = []
    for band, row in zip(FIFTHS, scores, strict=True):
        run = Run(None, {"choices": {"band": band}}, None)
        run.__dict__["config"] = {"method.kind": "lora"}
        tuned = {seed: Answers(value, None, 10) for seed, value in enumerate(row)}
        arms.append(ArmScores(Arm({}, {0: run}), {}, tuned))
    share_scatter(arms)
    assert not any(one.scatter.own for one in arms)
    return arms


def error_of(scores):
    """The error mean square of bands x seeds, twelve degrees of freedom."""
    rest = scores - scores.mean(axis=0) - scores.mean(axis=1)[:, None] + scores.mean()
    return (rest**2).sum() / 12


def test_a_fifth_against_the_others_is_that_contrast_of_a_repeated_measures_anova():
    """Items that do not matter: the t test of the contrast with the error mean square of bands x seeds."""
    scores = numpy.random.default_rng(24).normal(size=(5, 4))
    found, error = against_other_fifths(five_fifths(scores)), error_of(scores)
    for place, band in enumerate(FIFTHS):
        weights = numpy.full(5, -0.25)
        weights[place] = 1
        value = weights @ scores.mean(axis=1)
        t = value / numpy.sqrt(error * (weights**2).sum() / 4)
        assert found[band].value == pytest.approx(value)
        assert found[band].pvalue == pytest.approx(2 * stats.t.sf(abs(t), 12))


def test_a_fifth_against_another_is_a_contrast_of_the_same_anova_corrected_among_ten():
    scores = numpy.random.default_rng(24).normal(size=(5, 4))
    task = TaskScores("sums", "exact_match", True, five_fifths(scores), [])
    study = SimpleNamespace(condition=lambda arm: "")
    rows = fifth_pairs(SimpleNamespace(scores=[task], study=study))
    assert [(row["band"], row["against"]) for row in rows] == list(combinations(FIFTHS, 2))
    values = [first - second for first, second in combinations(scores.mean(axis=1), 2)]
    plain = [2 * stats.t.sf(abs(one) / numpy.sqrt(error_of(scores) * 2 / 4), 12) for one in values]
    assert [row["value"] for row in rows] == pytest.approx(values)
    assert [row["p_holm"] for row in rows] == pytest.approx(multipletests(plain, method="holm")[1])
    assert fifth_pairs(SimpleNamespace(scores=[replace(task, arms=task.arms[:4])], study=study)) == []


def test_without_all_five_fifths_there_is_no_such_contrast():
    assert against_other_fifths([]) == {}
