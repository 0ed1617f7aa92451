"""A process that does several runs gives each its own peak of memory, or none."""

from pathlib import Path

import pytest
import torch

from src.pipeline.pipeline import Pipeline
from src.record import provenance
from src.record.provenance import forget_peak, peak_memory_gib

CPU = torch.device("cpu")
pytestmark = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="Linux alone")


@pytest.fixture(autouse=True)
def of_a_new_process(monkeypatch):
    monkeypatch.setattr(provenance, "_FORGOTTEN", [])


def use(mebibytes):
    """Memory that comes and goes; the peak then."""
    block = bytearray(mebibytes << 20)
    del block
    return peak_memory_gib(CPU)


def test_a_run_does_not_tell_the_memory_of_the_one_before(make_config, tmp_path):
    before = use(600)
    paths = [f"paths.runs_dir={tmp_path}/runs", f"paths.cache_dir={tmp_path}/cache"]
    with Pipeline(make_config("debug=smoke", "metrics=none", "record=none", *paths)).opened():
        own = peak_memory_gib(CPU)
        assert own < before - 0.3
        assert use(600) > own + 0.2  # what the process holds beside it may have become less since


def test_where_the_peak_cannot_be_set_back_only_the_first_run_has_one(monkeypatch):
    def refuse(path, text):
        raise PermissionError

    monkeypatch.setattr(Path, "write_text", refuse)
    forget_peak(CPU)
    assert peak_memory_gib(CPU) > 0
    forget_peak(CPU)
    assert peak_memory_gib(CPU) is None
