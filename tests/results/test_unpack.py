"""A committed study goes back into runs, so that a report reads it and its sweep makes what is missing."""

import shutil
from pathlib import Path

import pytest

from src.analyse import main as intervene
from src.command.program import run_command
from src.report.write import write_report
from src.results.__main__ import main
from src.results.packed import ITEMS, pack
from src.sweep.__main__ import main as sweep

STUDY = Path(__file__).resolve().parents[2] / "sweeps" / "results" / "quickstart"


@pytest.fixture
def back(tmp_path):
    """The committed first look, unpacked."""
    main_ends(["unpack", str(STUDY), "--to", str(tmp_path / "runs")], 0)
    (experiment,) = (tmp_path / "runs").iterdir()
    return experiment


def main_ends(words, status):
    with pytest.raises(SystemExit) as ended:
        run_command(lambda: main(words))
    assert ended.value.code == status


def test_runs_that_were_unpacked_are_the_runs_that_were_packed(back, tmp_path):
    (tmp_path / "again").mkdir()
    assert pack(back, tmp_path / "again").read_bytes() == (STUDY / ITEMS).read_bytes()


def test_their_report_has_the_committed_scores(back):
    write_report(back).write_text([])
    assert (back / "report" / "scores.csv").read_bytes() == (STUDY / "scores.csv").read_bytes()


def test_a_sweep_takes_them_for_done(back, tmp_path, capsys):
    shutil.rmtree(sorted(path.parent for path in back.glob("*/run.json"))[0])
    sweep(["sweeps/quickstart.yaml", f"paths.runs_dir={tmp_path / 'runs'}", "--dry-run"])
    assert "2 runs: 1 done, 1 new" in capsys.readouterr().out


def test_what_needs_their_weights_is_one_line(back, capsys):
    run = sorted(path.parent for path in back.glob("*/run.json"))[0]
    with pytest.raises(SystemExit) as ended:
        run_command(lambda: intervene([str(run)]))
    error = capsys.readouterr().err
    assert ended.value.code == 2 and "adapter" in error and error.count("\n") == 1


def test_nothing_there_is_touched(back, tmp_path, capsys):
    before = sorted(back.rglob("*"))
    main_ends(["unpack", str(STUDY), "--to", str(tmp_path / "runs")], 2)
    assert f"{back}: exists; accepted:" in capsys.readouterr().err and sorted(back.rglob("*")) == before


def test_a_folder_without_items_is_one_line(tmp_path, capsys):
    main_ends(["unpack", str(tmp_path), "--to", str(tmp_path / "runs")], 2)
    error = capsys.readouterr().err
    assert ITEMS in error and error.count("\n") == 1 and not (tmp_path / "runs").exists()


def test_a_damaged_file_leaves_nothing(tmp_path, capsys):
    (tmp_path / ITEMS).write_bytes((STUDY / ITEMS).read_bytes()[:2000])
    main_ends(["unpack", str(tmp_path), "--to", str(tmp_path / "runs")], 2)
    assert "cannot be read" in capsys.readouterr().err and not (tmp_path / "runs").exists()
