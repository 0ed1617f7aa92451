"""What a study cost, from made-up records; and what of it is committed names no place on the machine."""

import csv
import json
import os
from datetime import UTC, datetime

import pytest

from src.errors import DataError, StorageError
from src.probe.table.layer_table import LayerRow
from src.probe.table.layers_csv import write_layers
from src.results.cost import cost
from src.results.publish import publish
from src.storage.files import write_json, write_text
from tests.forked import run


@pytest.fixture
def runs(tmp_path):
    folder = tmp_path / "runs" / "small"
    for seed, minute in ((0, 1), (1, 2)):
        run = folder / f"lora-s{seed}"
        write_json(run / "run.json", {
            "status": "success", "seed": seed, "written": f"2026-01-01T00:0{minute}:00+00:00",
            "choices": {"method": "lora", "band": "10000"}, "adapted": {"lora": {"scaling": "fixed_alpha"}},
            "seconds": {"scores-base": 10.0 * (1 - seed), "train": 40.0, "probe": 5.0, "scores-tuned": 10.0, "total": 0},
            "git": {"commit": "abc", "dirty": False}, "hardware": {"processor": "p"}, "versions": {"torch": "1"},
            "data": {"fingerprint": "f"},
        })  # fmt: skip
        write_layers(run / "layers.csv", [
            LayerRow("base", 0, 0.0, "l2_norm", 1.0, None, 5),
            LayerRow("change", 0, 0.0, "mean_shift", 1.0 + seed, None, 5),
            LayerRow("change", 1, 1.0, "mean_shift", None, None, 5),
        ])  # fmt: skip
    write_json(folder / "failed" / "run.json", {"status": "failed", "error": "x"})
    return folder


def test_cost_counts_places_from_the_start_to_the_last_record(runs):
    found = cost(runs, num_jobs=2, started=datetime(2026, 1, 1, tzinfo=UTC))
    assert (found.num_runs, found.training, found.evaluation, found.probing) == (2, 80.0, 30.0, 10.0)
    assert found.outside == 2 * 120 - 120
    assert found.ratio == pytest.approx(240 / 110)
    assert cost(runs, num_jobs=2).ratio is None
    with pytest.raises(DataError, match="no finished run"):
        cost(runs / "failed", 2)


def test_cost_counts_the_runs_of_a_window(runs):
    start, between, end = (datetime(2026, 1, 1, minute=minute, second=30, tzinfo=UTC) for minute in (0, 1, 2))
    first, second = cost(runs, 1, start, between), cost(runs, 1, between)
    assert (first.num_runs, first.evaluation, second.num_runs, second.evaluation) == (1, 20.0, 1, 10.0)
    assert second.outside == 30 - 40 - 10 - 5  # from the start of the window to the last record
    assert cost(runs, 1, start, end).num_runs == 2
    with pytest.raises(
        DataError,
        match=r"no run ended between --started and --ended; its runs ended 2026-01-01T00:01.* to 2026-01-01T00:02",
    ):
        cost(runs, 1, end)


@pytest.mark.parametrize("record", ["[]", "{}", '{"status": "success"}', "NaN", '{"status": Infinity}', "{"])
def test_a_damaged_record_costs_nothing(runs, record):
    (runs / "failed" / "run.json").write_text(record)
    with pytest.raises(StorageError, match="damaged|cannot be read as JSON"):
        cost(runs, 1)


def test_the_command_refuses_a_time_without_its_offset_by_the_name_of_the_option(runs):
    done = run("src.results", "cost", runs, "--ended", "2026-01-01T00:00:00")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--ended: given '2026-01-01T00:00:00'; accepted: a time with its offset" in done.stderr


def test_published_are_tables_profiles_and_their_origin(runs, tmp_path):
    with pytest.raises(DataError, match="holds no tables; first: python -m src.report"):
        publish(runs, tmp_path / "results", "make study")
    write_text(runs / "report" / "scores.csv", "band\n10000\n")
    write_text(runs / "report" / "report.md", "# small\n")
    write_text(runs / "report" / "report.html", "large")
    written = publish(runs, tmp_path / "results", "make study")
    assert sorted(path.name for path in written) == [
        "items.tar.xz", "made.json", "profiles.csv", "report.md", "scores.csv",
    ]  # fmt: skip
    assert all(str(tmp_path) not in path.read_text() for path in written if path.suffix != ".xz")
    with (tmp_path / "results" / "profiles.csv").open() as file:
        rows = {(row["stage"], row["layer"]): row for row in csv.DictReader(file)}
    assert set(rows) == {("base", "0"), ("change", "0")}  # a missing value makes no row
    assert (rows["change", "0"]["value"], rows["change", "0"]["seeds"]) == ("1.5", "2")
    made = json.loads((tmp_path / "results" / "made.json").read_text())
    assert made["command"] == "make study"
    assert made["num_runs"] == {"success": 2, "other": 1}
    assert made["seeds"] == [0, 1]


def test_figures_are_published_with_the_text_and_a_large_one_goes_with_its_line(runs, tmp_path):
    names = ("small", "large", "small_too")
    lines = "\n".join(f"![{name}]({name}.png)\n" for name in names)
    write_text(runs / "report" / "report.md", f"# study\n\n## Figures\n\n{lines}")
    for name in (*names, "not_named", "report"):
        (runs / "report" / f"{name}.png").write_bytes(bytes(250_000 if name == "large" else 1000))
    publish(runs, tmp_path / "results", "make study")
    assert sorted(path.name for path in (tmp_path / "results").glob("*.png")) == [
        "report.png", "small.png", "small_too.png",
    ]  # fmt: skip
    assert (tmp_path / "results" / "report.md").read_text() == (
        "# study\n\n## Figures\n\n![small](small.png)\n\n![small_too](small_too.png)\n"
    )


def test_models_objectives_and_controls_are_arms_of_their_own(runs, tmp_path):
    path = runs / "lora-s1" / "run.json"
    record = json.loads(path.read_text())
    record["choices"] |= {"model": "other", "control": "equal_step"}
    path.write_text(json.dumps(record))
    write_text(runs / "report" / "report.md", "# small\n")
    publish(runs, tmp_path / "results", "make study")
    with (tmp_path / "results" / "profiles.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["stage"] == "change"]
    assert sorted((row["model"], row["control"], row["value"], row["seeds"]) for row in rows) == [
        ("", "", "1", "1"), ("other", "equal_step", "2", "1"),
    ]  # fmt: skip


def test_a_picture_that_is_older_than_its_table_is_refused(runs, tmp_path):
    report = runs / "report"
    write_text(report / "report.md", "# study\n\n![scores](scores.png)\n")
    (report / "scores.png").write_bytes(b"x")
    write_text(report / "scores.csv", "band\n10000\n")
    os.utime(report / "scores.png", (1, 1))
    with pytest.raises(DataError, match=r"scores.png: older than scores.csv; first: python -m src.report"):
        publish(runs, tmp_path / "results", "make study")
