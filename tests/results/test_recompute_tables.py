"""Committed tables come from committed items; what cannot be rebuilt is named, without a number."""

import json
import shutil
import tarfile
from pathlib import Path

import pandas
import pytest
import yaml

from src.analysis.find_runs import find_runs
from src.bench.made_runs import MadeStudy, make_runs
from src.command.program import run_command
from src.report.write import write_report
from src.results.__main__ import main
from src.results.packed import ITEMS, pack
from src.results.publish import publish

ROOT = Path(__file__).resolve().parents[2]
CAUSAL = ROOT / "sweeps" / "results" / "causal_profile" / "standard"


def push_beside(run):
    """The same run as one whose update was drawn at random."""
    folder = shutil.copytree(run.folder, run.folder.with_name(f"push-{run.name}"))
    config = yaml.safe_load((folder / "config.yaml").read_text())
    config["control"] |= {"name": "random_direction", "kind": "random_direction", "size": 0.01}
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    record = json.loads((folder / "run.json").read_text()) | {"id": folder.name}
    record["choices"]["control"] = "random_direction"
    (folder / "run.json").write_text(json.dumps(record))
    layers = pandas.read_csv(folder / "layers.csv")
    layers.assign(value=layers["value"] * (1 + layers["depth"])).to_csv(folder / "layers.csv", index=False)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Two bands with two readings, a push beside each, what a causal profile left, and a run that failed,
    published; as it was before a test touched it.
    """
    place = tmp_path_factory.mktemp("place")
    runs = place / "runs" / "made"
    make_runs(
        runs,
        MadeStudy(bands=("whole", "01110"), scalings=("fixed_alpha",), seeds=(0, 1), tasks={"heldout": 40}),
    )
    for run in find_runs(runs):
        (run.folder / "run.json").write_text(json.dumps(run.record | {"versions": {"torch": "2"}}))
        (run.folder / "layers-all.csv").write_bytes((run.folder / "layers.csv").read_bytes())
        push_beside(run)
    shutil.copytree(CAUSAL, runs / "intervene", ignore=shutil.ignore_patterns("*.npz", "*.png"))
    first = find_runs(runs)[0]
    (runs / "failed").mkdir()
    (runs / "failed" / "config.yaml").write_bytes((first.folder / "config.yaml").read_bytes())
    failed = first.record | {"status": "failed", "error": "E: out of memory"}
    (runs / "failed" / "run.json").write_text(json.dumps(failed))
    write_report(runs).write_text([])
    publish(runs, place / "made", "make study")
    return place


@pytest.fixture
def committed(study):
    folder = study / "made"
    before = {path: path.read_bytes() for path in folder.iterdir()}
    yield folder
    for path, content in before.items():
        path.write_bytes(content)


def recomputed(folder, capsys, *options):
    with pytest.raises(SystemExit) as ended:
        run_command(lambda: main(["recompute", str(folder), *options]))
    found = capsys.readouterr()
    return ended.value.code, found.out.splitlines(), found.err


def test_every_committed_table_is_rebuilt_bit_for_bit(committed, capsys):
    status, lines, _ = recomputed(committed, capsys)
    names = sorted(path.name for path in committed.glob("*.csv"))
    kinds = ("differences", "left_out", "profiles", "scores", "curves", "slopes_beyond_push", "depth_cells")
    assert {f"{kind}.csv" for kind in (*kinds, "depth_features")} <= set(names)
    assert any(name.startswith("causal") for name in names)
    assert (status, lines) == (0, [f"{name}: the same, bit for bit" for name in [*names, "report.md"]])


def test_a_table_that_was_changed_differs_and_its_pictures_are_older(committed, capsys):
    path = committed / "scores.csv"
    right = path.read_text()
    path.write_text(right.replace("0.", "1.", 1))
    status, lines, _ = recomputed(committed, capsys)
    assert (status, lines.count("scores.csv: differs")) == (1, 1)
    assert any(line.startswith("scores.csv: changed since the pictures were drawn") for line in lines)
    (committed / "curves.csv").unlink()  # as if reports had not had it when the study was published
    status, lines, _ = recomputed(committed, capsys, "--write")
    assert (status, "scores.csv: written anew" in lines, path.read_text()) == (0, True, right)
    assert "curves.csv: new" in lines and (committed / "curves.csv").is_file()


def test_what_is_written_anew_is_drawn_anew(committed, capsys):
    """Pictures of tables that an older version made are not older than the tables that replace them."""
    made = json.loads((committed / "made.json").read_text())
    (committed / "made.json").write_text(json.dumps(made | {"tables": {"scores.csv": "of before"}}))
    status, lines, _ = recomputed(committed, capsys)
    assert status == 1 and lines[-1].startswith("scores.csv: changed since the pictures were drawn")
    assert recomputed(committed, capsys, "--write")[0] == 0
    assert recomputed(committed, capsys)[0] == 0


WITH_ITEMS = sorted(path.parent for path in (ROOT / "sweeps" / "results").glob(f"*/{ITEMS}"))


@pytest.mark.parametrize("folder", WITH_ITEMS, ids=lambda folder: folder.name)
def test_a_committed_study_is_what_its_items_give_today(folder, capsys):
    """A change of an estimate that leaves the committed tables behind is found here."""
    status, lines, _ = recomputed(folder, capsys)
    assert [line for line in lines if ": the same" not in line] == []
    assert status == 0 and lines


def test_tables_without_items_are_named_and_no_number_is_made(committed, capsys):
    (committed / ITEMS).unlink()
    status, lines, _ = recomputed(committed, capsys)
    assert status == 1 and len(lines) == len(list(committed.glob("*.csv"))) + 1
    assert all(line.endswith(": cannot be rebuilt: its items are not committed") for line in lines)


@pytest.mark.parametrize("content", [b"", b"no archive", b"\xfd7zXZ\x00cut"])
def test_a_damaged_file_of_items_is_one_line(committed, capsys, content):
    (committed / ITEMS).write_bytes(content)
    status, lines, error = recomputed(committed, capsys)
    assert (status, lines, error.count("\n")) == (2, [], 1) and "items.tar.xz: cannot be read" in error


def test_a_folder_without_tables_is_one_line(tmp_path, capsys):
    status, _, error = recomputed(tmp_path, capsys)
    assert status == 2 and "holds no tables" in error


def test_the_same_runs_give_the_same_bytes_without_prompts_and_paths(study, tmp_path):
    packed = pack(study / "runs" / "made", tmp_path)
    assert packed.read_bytes() == (study / "made" / ITEMS).read_bytes()
    with tarfile.open(packed) as archive:
        text = b"".join(archive.extractfile(one).read() for one in archive.getmembers()).decode()
    assert "State the final answer" not in text and "paths:" not in text and str(tmp_path) not in text
