"""Tiny models of every family with an update whose size differs by block."""

import functools
import shutil
import sys
from dataclasses import replace

import pytest
import torch

from src.analyse import main
from src.command.program import run_command
from src.intervene.engine.adapter_gates import AdapterGates
from src.intervene.engine.replay import Replay
from src.intervene.engine.weight_gates import WeightGates
from src.method.catalog import adapt
from src.pipeline.pipeline import Pipeline
from src.probe.lens.head_path import find_head_path
from src.runtime.seeding import generator

BAND = [1, 2, 4]
NUM_BLOCKS = 5


def disturb(adapted, size=0.1):
    """Move every trainable weight by something that shows."""
    draw = generator(0, "disturb")
    with torch.no_grad():
        for value in adapted.trainable.values():
            value += size * torch.randn(value.shape, generator=draw)


@pytest.fixture
def load_small(make_config, tmp_path):
    """A fresh tiny model of a family, five blocks."""
    from src.model.load import load_model

    def load(family):
        config = make_config(f"model=tiny_{family}", f"model.num_blocks={NUM_BLOCKS}", "model.width=32")
        return load_model(config.model, tmp_path, torch.device("cpu"))

    return load


@pytest.fixture
def adapted_pair(make_config, load_small):
    """A tiny model with a disturbed band; full tuning of the whole stack moves embeddings and head too."""

    def make(family="llama", method="lora", blocks=BAND, size=0.1):
        whole = make_config(f"method={method}", f"model=tiny_{family}")
        config = replace(whole.method, rank=2, targets="linear")
        found = adapt(load_small(family), config, list(blocks), 0, whole.model.lora_targets)
        disturb(found, size)
        found.model.eval()
        return found

    return make


def gates_of(adapted):
    loaded = adapted.loaded
    if adapted.config.of_kind.low_rank:
        return AdapterGates(adapted.model, loaded.blocks)
    head = find_head_path(adapted.model, loaded.blocks)
    return WeightGates(adapted.model, loaded.blocks, head, adapted.originals, {})


def replay_of(adapted):
    head = find_head_path(adapted.model, adapted.loaded.blocks)
    return Replay(adapted.model, adapted.loaded.blocks, gates_of(adapted), head)


@pytest.fixture(scope="session")
def trained(make_config, tmp_path_factory):
    """The folder of a run, trained once for all tests that ask for the same."""
    cache = tmp_path_factory.mktemp("cache")

    @functools.cache
    def make(*overrides):
        runs = tmp_path_factory.mktemp("runs")  # each its own: settings of analyses change no id
        config = make_config(
            "debug=smoke", "metrics=none", "evaluate=none", "record=none", "model.num_blocks=5",
            "model.width=32", "data.num_test=12", "train.checkpoint_steps=null", f"paths.runs_dir={runs}",
            f"paths.cache_dir={cache}", *overrides,
        )  # fmt: skip
        pipeline = Pipeline(config)
        pipeline.walk()
        return pipeline.folder.path

    return make


@pytest.fixture
def run_folder(trained, tmp_path):
    """A copy of such a run, which a test may change."""

    def make(*overrides):
        folder = trained(*overrides)
        place = tmp_path / "runs" / folder.parent.name / folder.name
        shutil.copytree(folder, place)
        return place

    return make


def command(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["intervene", *map(str, arguments)])
    run_command(main)
