"""What was measured once is found again only while the code that decided it is the same."""

import shutil
from pathlib import Path

import pytest
import torch

from src.data.splits import load_splits
from src.errors import ModelError
from src.model.twin import twin_folder
from src.pipeline.base_cache import base_cache
from src.storage import cache

SOURCE = Path(cache.__file__).parents[1]
MEASURES = [
    "compare", "config", "data", "evaluate", "method", "metrics", "model", "objective", "pipeline", "probe", "runtime",
]  # fmt: skip
TRAINS = ["config", "control", "data", "method", "model", "objective", "runtime", "train", "twin"]
NAMED = [
    "model/tiny.py",
    "pipeline/probe_stage.py",
    "pipeline/score_stage.py",
    "runtime/seeding.py",
    "control/relative_step.py",
]


@pytest.fixture
def source(tmp_path, monkeypatch):
    """A copy of src that the fingerprints look at."""
    copy = tmp_path / "src"
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(cache, "_SOURCE", copy)
    return copy


@pytest.fixture
def base_key(make_config):
    config = make_config("debug=smoke")
    splits = load_splits(config.data)
    return lambda: base_cache(Path(), "weights", "float32", torch.device("cpu"), splits, config.data).key


@pytest.fixture
def twin_key(make_config, tmp_path):
    config = make_config("model=twin_gpt2").model

    def key():
        with pytest.raises(ModelError, match="not pretrained"):
            twin_folder(config, tmp_path / "cache")
        return {path.name for path in (tmp_path / "cache" / "twins").glob("*.lock")}

    return key


def files(source):
    """One file of each room, and those by name that a key once forgot."""
    rooms = [room for room in source.iterdir() if room.is_dir()]
    found = {next(room.rglob("[a-z]*.py")) for room in rooms} | {source / name for name in NAMED}
    return sorted(found), {room.name for room in rooms}


def test_a_line_in_any_room_that_decides_changes_the_key(source, base_key, twin_key):
    some, rooms = files(source)
    assert rooms - set(MEASURES) - set(TRAINS) == set(cache.NO_NUMBER)
    key, num_twins = base_key(), len(twin_key())
    for path in some:
        room = path.relative_to(source).parts[0]
        with path.open("a") as file:
            file.write("# another line\n")
        assert (base_key() != key) == (room in MEASURES), path
        assert (len(twin_key()) > num_twins) == (room in TRAINS), path
        key, num_twins = base_key(), len(twin_key())


def test_settings_of_a_pretraining_that_lie_in_conf_are_in_its_key(twin_key, tmp_path, monkeypatch):
    from src.model import twin

    conf = tmp_path / "conf"
    shutil.copytree(SOURCE.parent / "conf", conf)
    monkeypatch.setattr(twin, "_CONF", conf)
    assert len(twin_key()) == 1
    path = conf / "train" / "default.yaml"
    path.write_text(path.read_text().replace("weight_decay: 0.0", "weight_decay: 0.1"))
    assert len(twin_key()) == 2


def test_what_lies_beside_finds_no_measurement_of_the_other(base_key):
    from src.pipeline.base_cache import BaseCache

    one = BaseCache(Path(), base_key())
    assert one.beside(further=["row"]).key != one.key
    assert one.beside(further=["row"]).folder == one.folder
