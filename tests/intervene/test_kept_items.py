"""What is published of a causal profile makes all of its tables again, bit for bit."""

import shutil

import pytest

from src.results.publish import publish
from src.results.rebuilt_profile import rebuild
from tests.intervene.conftest import command


@pytest.fixture
def asked(run_folder):
    """Two runs of an arm, which differ in their names alone."""
    folder = run_folder("train.max_steps=20", "train.learning_rate=0.02")
    other = folder.with_name(folder.name.replace("-s0-", "-s1-"))
    shutil.copytree(folder, other)
    return [folder, other]


def test_published_items_make_every_table_again(asked, monkeypatch, tmp_path):
    more = ("intervention.regret=true", "intervention.scores=[logp,exact]", "--controls")
    command(monkeypatch, *asked, "--passages", 6, "--passage-tokens", 24, *more)
    tables = asked[0].parent / "intervene"
    target, again = tmp_path / "gain", tmp_path / "again"
    names = {path.name for path in publish(tables, target, "src.intervene")}
    assert {"items-seed-0.npz", "path-seed-1.npz", "controls-seed-0.npz", "chosen-seed-1.npz"} <= names
    again.mkdir()
    rebuild(target, again)
    made = sorted(path.name for path in again.glob("*.csv"))
    assert made == sorted(path.name for path in tables.glob("*.csv"))
    assert {"seen.csv", "predictions.csv", "fifths.csv", "profile.csv"} <= set(made)
    for name in made:
        assert (again / name).read_bytes() == (tables / name).read_bytes(), name


def test_one_run_is_published_from_its_own_folder(asked, monkeypatch, tmp_path):
    command(monkeypatch, asked[0], "intervention.players=segments")
    target, again = tmp_path / "gain", tmp_path / "again"
    publish(asked[0] / "intervene", target, "src.intervene")
    assert not list(target.glob("path-*"))
    again.mkdir()
    rebuild(target, again)
    for name in ("profile.csv", "summary.csv", "readings.csv", "hybrids.csv"):
        assert (again / name).read_bytes() == (target / name).read_bytes(), name
