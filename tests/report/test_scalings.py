"""One band under two meanings of alpha: the difference that was made is found, and the pairs are right."""

import csv
import io
import json

import numpy
import pytest
from scipy import stats

from src.analysis.experiment import read_study
from src.analysis.find_runs import find_runs
from src.analysis.material import Material
from src.bench.made_runs import MadeStudy, make_runs
from src.report.sections.scalings import SECTION
from src.report.table_csv import csv_text

BANDS = ("whole", "10000", "01110", "00001")


def rows_of(folder):
    table = next(
        (one for one in SECTION.part(Material(read_study(folder))).blocks if hasattr(one, "rows")), None
    )
    return [] if table is None else list(csv.DictReader(io.StringIO(csv_text(table))))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Under fixed_alpha the last fifth scores 0.25 less than under alpha_over_r; items are not kept."""
    folder = tmp_path_factory.mktemp("runs") / "made"
    make_runs(folder, MadeStudy(bands=BANDS, tasks={"heldout": 100}))
    for run in find_runs(folder):
        (run.folder / "samples.jsonl").unlink()
        if (run.record["choices"]["band"], run.config["method.scaling"]) == ("00001", "fixed_alpha"):
            for row in run.record["scores"]:
                row["value"] -= 0.25 if row["stage"] == "tuned" else 0
            (run.folder / "run.json").write_text(json.dumps(run.record))
    return folder


def test_only_the_band_whose_scale_matters_differs(made):
    rows = {row["band"]: row for row in rows_of(made)}
    assert set(rows) == {"10000", "01110", "00001"}  # the whole stack has one scale under both
    assert {row["against"] for row in rows.values()} == {"alpha_over_r"}
    low = {band for band, row in rows.items() if float(row["holm_high"]) < 0}
    assert low == {"00001"}


def test_the_difference_is_that_of_the_seeds_paired_with_the_scatter_of_all_arms(made):
    """Of a band on which the test of equal scatter finds nothing."""
    study = read_study(made)
    scores = {(arm.band, arm.factors["method.scaling"]): [run.record["scores"][1]["value"] for _, run in sorted(arm.runs.items())]
              for arm in study.arms}  # fmt: skip
    table = numpy.array(list(scores.values()))
    rest = table - table.mean(axis=0) - table.mean(axis=1)[:, None] + table.mean()
    error = (rest**2).sum() / ((len(table) - 1) * 2)
    row = next(row for row in rows_of(made) if row["band"] == "01110")
    gap = numpy.mean(scores["01110", "fixed_alpha"]) - numpy.mean(scores["01110", "alpha_over_r"])
    assert float(row["value"]) == pytest.approx(gap)
    reach = stats.t.ppf(0.975, (len(table) - 1) * 2) * numpy.sqrt(2 * error / 3)
    assert float(row["ci_high"]) == pytest.approx(gap + reach)


def test_one_scaling_alone_is_no_contrast(tmp_path):
    make_runs(tmp_path / "made", MadeStudy(bands=BANDS, scalings=("fixed_alpha",), seeds=(0,)))
    assert rows_of(tmp_path / "made") == []
