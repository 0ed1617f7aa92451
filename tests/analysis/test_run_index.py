"""The index of finished runs: it says what the files say, and nothing once they are newer."""

import json
import shutil

import pytest
from numpy.testing import assert_array_equal
from pandas.testing import assert_frame_equal

from src.analysis import find_runs as finding
from src.analysis import run_index
from src.analysis.find_runs import find_runs
from src.bench.made_runs import MadeStudy, make_runs

MADE = MadeStudy(bands=("whole", "01110"), scalings=("fixed_alpha",), seeds=(0, 1), tasks={"heldout": 12})


@pytest.fixture
def indexed(tmp_path, monkeypatch):
    """A folder of four runs with an index, as one of many has it."""
    folder = tmp_path / "made"
    make_runs(folder, MADE)
    monkeypatch.setattr(finding, "WORTH", 4)
    find_runs(folder)
    return folder


def from_files(folder, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(finding, "WORTH", 1000)
        return find_runs(folder)


def damage_part(folder, name):
    (part,) = (folder / run_index.FOLDER).glob("part-*")
    (part / name).write_bytes(b"PAR1 no more")


def test_a_run_of_the_index_is_the_run_of_the_files(indexed, monkeypatch):
    kept, read = find_runs(indexed), from_files(indexed, monkeypatch)
    assert len(kept) == len(read) == 4
    for one, other in zip(kept, read, strict=True):
        assert one.kept is not None
        assert other.kept is None
        assert (one.folder, one.record, one.config) == (other.folder, other.record, other.config)
        assert one.readings == other.readings
        columns = ["stage", "metric", "layer", "depth", "value", "low", "high"]
        assert_frame_equal(one.layers[columns], other.layers[columns])
        assert one.items.keys() == other.items.keys() == {
            (stage, "heldout", "exact_match") for stage in ("base", "tuned")
        }  # fmt: skip
        for place, (ids, values) in other.items.items():
            assert one.items[place][0] == ids
            assert_array_equal(one.items[place][1], values)
        for key, values in other.logged.items():
            assert_array_equal(one.logged[key], values)
        assert_array_equal(one.logged["loss"], [step["loss"] for step in other.steps])


def test_runs_of_one_design_share_what_their_numbers_are_of(indexed):
    first, second = find_runs(indexed)[:2]
    reading = first.reading
    assert first.layer_numbers(reading).layout is second.layer_numbers(reading).layout


@pytest.mark.parametrize("name", ["run.json", "config.yaml", "samples.jsonl", "steps.jsonl", "layers.csv"])
def test_a_file_that_is_newer_than_the_index_is_read(indexed, name):
    run = find_runs(indexed)[0]
    path = run.folder / name
    path.write_text(path.read_text() + "\n")
    again = find_runs(indexed)  # one of four is enough for a further part
    assert again[0].kept.stamp != run.kept.stamp
    assert again[1].kept.stamp == find_runs(indexed)[1].kept.stamp


def test_a_changed_score_is_in_the_record_though_the_index_has_another(indexed):
    run = find_runs(indexed)[0]
    path = run.folder / "run.json"
    record = json.loads(path.read_text())
    record["scores"][0]["value"] = 0.875
    path.write_text(json.dumps(record))
    for _ in range(2):  # read from the file, then from the part that was added
        assert find_runs(indexed)[0].record["scores"][0]["value"] == 0.875


def test_a_run_that_is_gone_or_failed_is_not_taken_from_the_index(indexed):
    first, second, *_ = find_runs(indexed)
    shutil.rmtree(first.folder)
    failed = {"schema_version": first.record["schema_version"], "status": "failed", "error": "E"}
    (second.folder / "run.json").write_text(json.dumps(failed))
    (indexed / "new").mkdir()
    (indexed / "new" / "config.yaml").write_text("")
    found = find_runs(indexed)
    assert [run.problem for run in found] == ["failed: E", None, None, "unfinished"]


@pytest.mark.parametrize("name", ["runs.parquet", "layers.parquet", "items.parquet", "steps.parquet"])
def test_a_damaged_part_costs_time_and_nothing_else(indexed, name, monkeypatch):
    damage_part(indexed, name)
    kept, read = find_runs(indexed)[0], from_files(indexed, monkeypatch)[0]
    assert_frame_equal(kept.layers[["metric", "value"]], read.layers[["metric", "value"]])
    assert kept.items.keys() == read.items.keys()
    assert_array_equal(kept.logged["loss"], read.logged["loss"])


def test_a_run_with_a_damaged_file_stays_out(indexed):
    run = find_runs(indexed)[0]
    (run.folder / "samples.jsonl").write_text('{"stage": "tuned", "task"')
    for _ in range(2):
        first = find_runs(indexed)[0]
        assert first.kept is None
    _ = first.items
    assert any("samples.jsonl" in told for told in first.damaged)


def test_few_new_runs_make_no_part_and_few_runs_no_index(indexed, tmp_path, monkeypatch):
    monkeypatch.setattr(run_index, "_WORTH_ADDING", 0.5)
    path = find_runs(indexed)[0].folder / "run.json"
    path.write_text(path.read_text() + "\n")
    for _ in range(2):
        assert find_runs(indexed)[0].kept is None
    monkeypatch.setattr(finding, "WORTH", 5)
    assert all(run.kept is None for run in find_runs(indexed))


def test_a_folder_that_cannot_be_written_is_read_as_it_is(indexed, monkeypatch):
    shutil.rmtree(indexed / run_index.FOLDER)
    (indexed / run_index.FOLDER).write_text("in the way")
    assert [run.problem for run in find_runs(indexed)] == [None] * 4
