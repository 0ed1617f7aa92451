"""Does a profile of the whole stack tell which fifth is worth training, on made runs whose gains are known."""

import json

import numpy
import pytest
from scipy import stats

from src.analysis.experiment import read_study
from src.analysis.find_runs import find_runs
from src.analysis.material import Material
from src.analysis.segment_contrasts import FIFTHS
from src.analysis.trained_fifths import trained_fifth_rows
from src.bench.made_runs import MadeStudy, make_runs
from src.report.causal.trained import SECTION

GAINS = dict(zip(FIFTHS, (-0.2, 0.0, 0.1, 0.3, 0.25), strict=True))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The late fifths gain more; of ten blocks `right` says so, `wrong` the contrary, `flat` nothing."""
    folder = tmp_path_factory.mktemp("runs") / "made"
    make_runs(folder, MadeStudy(bands=("whole", *FIFTHS), effects=GAINS, tasks={"heldout": 200}))
    whole = next(run for run in find_runs(folder) if run.record["choices"]["band"] == "whole")
    tables = folder / "intervene"
    tables.mkdir()
    about = {"runs": [whole.name], "num_blocks": 10, "trained": list(range(10))}
    (tables / "about.json").write_text(json.dumps(about))
    profiles = {"right": list(range(10)), "wrong": list(range(10, 0, -1)), "flat": [1] * 10}
    lines = [
        f"{name},{block},{value}" for name, values in profiles.items() for block, value in enumerate(values)
    ]
    (tables / "observed.csv").write_text("\n".join(["predictor,block,value", *lines]) + "\n")
    return Material(read_study(folder))


def test_where_a_profile_is_largest_is_what_training_there_alone_brings(made):
    rows = trained_fifth_rows(made)
    task = made.scores[0]
    assert {row["predictor"] for row in rows} == {"right", "wrong"}
    for condition in {row["condition"] for row in rows}:
        arms = [one for one in task.arms if made.study.condition(one.arm) == condition]
        means = {one.arm.band: numpy.mean([seed.value for seed in one.tuned.values()]) for one in arms}
        for row in (row for row in rows if row["condition"] == condition):
            late = row["predictor"] == "right"
            inside = FIFTHS[3:] if late else FIFTHS[:2]
            others = [band for band in FIFTHS if band not in inside]
            expected = numpy.mean([means[one] for one in inside]) - numpy.mean([means[one] for one in others])
            assert row["fifths"] == " and ".join(inside)
            assert row["value"] == pytest.approx(expected)
            assert (row["value"] > 0) == late
            assert row["p_holm"] < 0.05 and row["ci_low"] < expected < row["ci_high"]
            order = range(5) if late else range(5, 0, -1)
            assert row["rho"] == pytest.approx(stats.spearmanr(order, [means[one] for one in FIFTHS])[0])


def test_the_report_has_it_as_a_table_and_says_nothing_without_a_profile(made, tmp_path):
    (table,) = SECTION.build(made)
    assert len(table.rows) == len(trained_fifth_rows(made)) > 0
    make_runs(tmp_path / "other", MadeStudy(bands=("whole", *FIFTHS), tasks={"heldout": 20}))
    assert SECTION.build(Material(read_study(tmp_path / "other"))) == []
