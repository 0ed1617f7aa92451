"""From run folders to tidy tables."""

import json

import numpy
import pandas
import pytest
from scipy import stats

from src.analysis.depth.depth_study import analyse
from src.analysis.depth.gather import gather
from src.analysis.experiment import read_study


def arms_of(folder):
    study = read_study(folder)
    return [*study.arms, *study.nulls]


def value(table, **where):
    for column, wanted in where.items():
        table = table[table[column] == wanted]
    (found,) = table["value"]
    return found


def test_a_similarity_has_the_slope_of_the_change_it_tells(write_run):
    numbers, layers, _ = gather(arms_of(write_run(0.5).parent))
    for metric in ("procrustes_distance", "cka_debiased"):
        assert value(numbers, metric=metric, quantity="slope") == pytest.approx(0.5)
        assert value(layers, metric=metric, layer=5) == pytest.approx(1.25)


def test_the_relative_slope_does_not_change_with_the_amount(write_run):
    write_run(0.5, seed=0)
    numbers = gather(arms_of(write_run(2.0, seed=1, level=4.0).parent)).numbers
    found = numbers[(numbers["metric"] == "procrustes_distance") & (numbers["quantity"] == "relative_slope")]
    assert found["value"].tolist() == pytest.approx([0.5 / 1.05, 0.5 / 1.05])


def test_a_slope_that_is_rounding_is_none(write_run):
    numbers = gather(arms_of(write_run(1e-8).parent)).numbers
    found = numbers[(numbers["metric"] == "procrustes_distance") & numbers["quantity"].str.contains("slope")]
    assert found["value"].tolist() == [0, 0, 0]


def test_runs_of_any_age_are_measured_from_their_layers(write_run):
    """A record that counts its width in whole layers does not enter while layers.csv is there, nor without."""
    amounts = 1 + 0.5 * (numpy.arange(6) / 5 - 0.5)
    counted = {
        "metric": "procrustes_distance",
        "stage": "change",
        "slope": 9.0,
        "slope_stderr": 0.1,
        "width": 0.5,
    }
    folder = write_run(0.5, profiles=[counted])
    found = gather(arms_of(folder.parent)).numbers
    expected = numpy.interp(amounts.sum() / 2, [0, *amounts[::-1].cumsum()], numpy.arange(7) / 6)
    assert value(found, metric="procrustes_distance", quantity="width") == pytest.approx(expected)
    assert value(found, metric="procrustes_distance", quantity="slope") == pytest.approx(0.5)
    (folder / "layers.csv").unlink()
    assert gather(arms_of(folder.parent)).numbers["quantity"].tolist() == ["slope"]


def test_a_cell_tells_the_errors_of_its_runs(write_run):
    folder = write_run(1.0, seed=0)
    table = pandas.read_csv(folder / "layers.csv")
    rows = table["metric"] == "procrustes_distance"
    table.loc[rows, "value"] += numpy.random.default_rng(0).normal(0, 0.1, rows.sum())
    table.to_csv(folder / "layers.csv", index=False)
    found = analyse(arms_of(folder.parent)).slopes.set_index(["metric", "quantity"])["run_stderr"]
    profile = table[rows]
    assert found["procrustes_distance", "slope"] == pytest.approx(
        stats.linregress(profile["depth"], profile["value"]).stderr
    )
    assert found["procrustes_distance", "width"] > 0
    assert numpy.isnan(found["procrustes_distance", "centre"])


def test_the_size_is_of_the_weights_that_ran_and_not_of_the_namesake(write_run):
    folder = write_run(0.5, params={"total": 500_000, "trainable": 1})

    record = json.loads((folder / "run.json").read_text())
    record["model"] |= {"miniature_of": "pythia_7b", "num_parameters": 6_857_302_016}
    (folder / "run.json").write_text(json.dumps(record))

    assert gather(arms_of(folder.parent))[0].iloc[0]["size"] == "small"


def test_a_model_of_unknown_kind_stays_unknown(write_run):
    folder = write_run(0.5, params={"total": 2_000_000_000, "trainable": 1})

    record = json.loads((folder / "run.json").read_text())
    record["model"] |= {"kind": None, "residual": None, "miniature_of": None, "num_parameters": None}
    (folder / "run.json").write_text(json.dumps(record))
    row = gather(arms_of(folder.parent))[0].iloc[0]
    assert (row["kind"], row["wiring"], row["size"], row["label"]) == (
        "unknown",
        "unknown",
        "large",
        "tiny_gpt2",
    )
