import json

import pytest

from src.model import fingerprint
from src.model.fingerprint import folder_fingerprint


def _flip(path, offset):
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)
        file.seek(offset)
        file.write(bytes([byte[0] ^ 1]))


def test_same_files_same_fingerprint(saved_llama, folder):
    assert folder_fingerprint(folder) == folder_fingerprint(saved_llama)


def test_small_files_are_read_whole(folder):
    path = folder / "model.safetensors"
    before = folder_fingerprint(folder)
    for offset in (path.stat().st_size // 3, path.stat().st_size - 1):
        _flip(path, offset)
        after = folder_fingerprint(folder)
        assert after != before
        before = after


@pytest.mark.parametrize("seen", [True, False])
def test_large_files_are_sampled(folder, monkeypatch, seen):
    monkeypatch.setattr(fingerprint, "NUM_SAMPLES", 3)
    monkeypatch.setattr(fingerprint, "SAMPLE_BYTES", 16)
    path = folder / "model.safetensors"
    middle = (path.stat().st_size - 16) // 2
    before = folder_fingerprint(folder)
    _flip(path, middle + (0 if seen else 16))
    assert (folder_fingerprint(folder) != before) is seen


def test_config_and_names_count(folder):
    before = folder_fingerprint(folder)
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"rms_norm_eps": 0.5}))
    assert folder_fingerprint(folder) != before
