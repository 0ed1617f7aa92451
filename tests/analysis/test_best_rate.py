"""The best rate of a seed is chosen on the other seeds."""

import csv
import io
from dataclasses import replace

import numpy
import pytest
import yaml

from src.analysis.answers import Answers
from src.analysis.arm_scores import ArmScores, TaskScores
from src.analysis.arms import Arm
from src.analysis.best_rate import RATE, at_best
from src.analysis.experiment import read_study
from src.analysis.find_runs import find_runs
from src.analysis.material import Material
from src.bench.made_runs import MadeStudy, make_runs
from src.report.sections.best_rates import SECTION
from src.report.table_csv import csv_text


def task_of(scores, better=True):
    """Scores [rate, seed] of one arm."""
    arms = [
        ArmScores(Arm({"band": "x", RATE: rate}), {}, {s: Answers(v, None, 9) for s, v in enumerate(row)})
        for rate, row in scores.items()
    ]
    return TaskScores("heldout", "exact_match", better, arms, [])


def test_each_seed_is_scored_at_the_rate_that_is_best_on_the_others():
    (found,) = at_best(task_of({"0.001": [0.9, 0.2, 0.2], "0.01": [0.4, 0.5, 0.1]}))
    # others of seed 0: 0.2 against 0.3; of 1: 0.55 against 0.25; of 2: 0.55 against 0.45
    assert [found.tuned[seed].value for seed in (0, 1, 2)] == [0.4, 0.2, 0.2]
    assert found.chosen == {"0.01": 1, "0.001": 2}


def test_on_validation_rows_one_rate_is_chosen_for_all_seeds_whatever_the_scores_are():
    task = task_of({"0.001": [0.9, 0.8], "0.01": [0.4, 0.5]})
    judged = [replace(one, tuned={s: Answers(v, None, 9) for s, v in enumerate(row)})
              for one, row in zip(task.arms, ([0.2, 0.3], [0.1, 0.6]), strict=True)]  # fmt: skip
    (found,) = at_best(task, TaskScores("validation", "exact_match", True, judged, []))
    assert found.chosen == {"0.01": 2}
    assert [found.tuned[seed].value for seed in (0, 1)] == [0.4, 0.5]
    half = [replace(judged[0], tuned={0: judged[0].tuned[0]}), judged[1]]  # a run that lacks them
    (found,) = at_best(task, TaskScores("validation", "exact_match", True, half, []))
    assert found.chosen == {"0.001": 2}


def test_where_lower_is_better_the_lowest_is_chosen():
    (found,) = at_best(task_of({"0.001": [3.0, 3.0], "0.01": [2.0, 2.0]}, better=False))
    assert found.chosen == {"0.01": 2}


def test_choosing_on_other_seeds_does_not_flatter():
    """Eight equal rates of pure noise: the mean at the chosen one is that of any, not that of the best."""
    random = numpy.random.default_rng(1)
    own, best = [], []
    for _ in range(300):
        scores = random.normal(0, 1, (8, 3))
        (found,) = at_best(task_of({f"{rate + 1}": row for rate, row in enumerate(scores)}))
        own.append(numpy.mean([one.value for one in found.tuned.values()]))
        best.append(scores.mean(axis=1).max())
    assert abs(numpy.mean(own)) < 0.15
    assert numpy.mean(best) > 0.6


def test_one_seed_or_one_rate_gives_nothing_to_choose():
    (found,) = at_best(task_of({"0.001": [0.9], "0.01": [0.4]}))
    assert found.tuned == {}
    assert at_best(task_of({"0.001": [0.9, 0.3]})) == []


@pytest.mark.parametrize("seeds", [(0, 1, 2), (0,)])
def test_the_table_shows_every_arm_at_its_best_with_an_interval(tmp_path, seeds):
    made = MadeStudy(bands=("whole", "00001"), scalings=("fixed_alpha",), seeds=seeds, tasks={"heldout": 100})
    for name, rate, effect in (("a", 1e-4, -0.2), ("b", 4e-4, 0.0)):
        make_runs(tmp_path / "study" / name, replace(made, effects={"00001": effect, "whole": effect}))
        for run in find_runs(tmp_path / "study" / name):
            config = yaml.safe_load((run.folder / "config.yaml").read_text())
            config["train"]["learning_rate"] = rate
            (run.folder / "config.yaml").write_text(yaml.safe_dump(config))
    (table,) = SECTION.part(Material(read_study(tmp_path / "study"))).blocks
    rows = {row["band"]: row for row in csv.DictReader(io.StringIO(csv_text(table)))}
    assert set(rows) == {"11111", "00001"}
    if len(seeds) == 1:
        assert rows["00001"]["score"] == rows["00001"]["value"] == ""
        return
    assert rows["00001"]["rates"] == "0.0001: 0, 0.0004: 3"
    for row in rows.values():
        assert float(row["score_low"]) < float(row["score"]) < float(row["score_high"])
    gap = float(rows["00001"]["score"]) - float(rows["11111"]["score"])
    assert float(rows["00001"]["value"]) == pytest.approx(gap, abs=1e-4)
    assert float(rows["00001"]["p_holm"]) > 0.05
