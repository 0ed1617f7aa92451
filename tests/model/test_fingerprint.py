import json

import pytest
import torch

from src.model import fingerprint
from src.model.content import model_content
from src.model.fingerprint import folder_fingerprint, why_unread
from src.model.load import load_model


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


BESIDE = {
    "chat_template.jinja": "{{ messages }}",
    "additional_chat_templates/tools.jinja": "{{ messages }}",
    "special_tokens_map.json": "{}",
    "merges.txt": "a b",
    "something_new.json": "{}",
    "README.md": "# A model",
    "training_args.bin": "pickle",
    "modeling_llama.py": "print()",
    "original/params.json": "{}",
    ".cache/huggingface/download.lock": "",
    "trainer_state.json": "{}",
}


def test_a_change_of_any_file_is_seen_or_has_a_reason_why_it_decides_nothing(folder, model_config):
    for name, text in BESIDE.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    config = model_config(id=str(folder))
    before, seen = model_content(config), set()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        if path.name == "model.safetensors":
            _flip(path, path.stat().st_size - 1)
        else:
            path.write_bytes(path.read_bytes() + b" ")
        after = model_content(config)
        assert (after == before) == (why_unread(folder, path) is not None), path
        if after != before:
            seen.add(str(path.relative_to(folder)))
        before = after
    assert seen == {
        "config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json",
        "chat_template.jinja", "additional_chat_templates/tools.jinja", "special_tokens_map.json", "merges.txt",
        "something_new.json",
    }  # fmt: skip


def test_the_base_cache_knows_it_too(folder, model_config, tmp_path):
    """A base that was measured with another tokenizer is not taken."""
    config = model_config(id=str(folder))
    before = load_model(config, tmp_path, torch.device("cpu")).fingerprint
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"model_max_length": 77}))
    assert load_model(config, tmp_path, torch.device("cpu")).fingerprint != before
