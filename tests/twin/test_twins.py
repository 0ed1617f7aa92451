"""Twins have the blocks of what they are miniatures of, learn once, and say what they learned."""

import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from src.command.compose import CONF
from src.errors import ModelError, TrainingError
from src.model.load import load_model
from src.model.tiny import build_tiny
from src.model.twin import RECORD, twin_folder
from src.twin.pretraining import ensure_pretrained, unigram_entropy

TWINS = sorted(path.stem for path in (CONF / "model").glob("twin_*.yaml"))
CPU = torch.device("cpu")


@pytest.fixture
def quick(make_config):
    """A twin whose pretraining is short."""

    def make(name, *overrides):
        short = ["num_blocks=2", "width=32", "pretraining.max_steps=40", "pretraining.length=32"]
        return make_config(f"model={name}", *(f"model.{text}" for text in short), *overrides).model

    return make


LEARNS = ["pretraining.max_steps=150", "pretraining.learning_rate=0.01"]


@pytest.fixture(scope="module")
def pretrained(make_config, tmp_path_factory):
    """A cache with a twin that has learned, and the overrides that name it."""
    cache = tmp_path_factory.mktemp("twins")
    short = ["num_blocks=2", "width=32", "pretraining.length=32", *LEARNS]
    given = ["model=twin_gpt2", *(f"model.{text}" for text in short), f"paths.cache_dir={cache}"]
    ensure_pretrained(make_config(*given).model, cache)
    return cache, given


def test_each_of_the_15_checkpoints_and_albert_have_a_twin_of_their_kind_and_wiring(make_config):
    assert len(TWINS) == 15 + 1
    for name in TWINS:
        twin = make_config(f"model={name}").model
        checkpoint = make_config(f"model={twin.miniature_of}").model
        assert (twin.kind, twin.residual) == (checkpoint.kind, checkpoint.residual)
        assert twin.num_parameters == checkpoint.num_parameters
        assert twin.num_blocks >= 10
        assert twin.architecture == checkpoint.sizes["model_type"]
        assert twin.pretraining.objective == ("masked_lm" if twin.kind == "encoder" else "causal_lm")


@pytest.mark.parametrize("name", TWINS)
def test_a_twin_is_tiny_and_wired_like_its_checkpoint(make_config, name):
    twin = make_config(f"model={name}").model
    model = build_tiny(twin.architecture, twin.num_blocks, twin.width, twin.sizes)
    least = 50_000 if twin.architecture == "albert" else 300_000  # one block for all layers
    assert least < sum(value.numel() for value in model.parameters()) < 1_300_000
    for key, value in make_config(f"model={twin.miniature_of}").model.sizes.items():
        if isinstance(value, bool):
            assert getattr(model.config, key) == value, key
    if name == "twin_opt_350m":
        assert model.model.decoder.project_in is not None
        assert model.model.decoder.final_layer_norm is None


def test_unigram_entropy_of_equal_shares_is_their_logarithm():
    assert unigram_entropy(torch.tensor([5.0, 5.0, 0.0, 5.0, 5.0])) == pytest.approx(math.log(4))
    assert unigram_entropy(torch.tensor([7.0, 0.0])) == 0


def test_a_twin_learns_more_than_counting_and_only_once(make_config, pretrained, tmp_path):
    cache, given = pretrained
    config = make_config(*given).model
    with pytest.raises(ModelError, match="run python -m src.twin model=twin_gpt2"):
        load_model(config, tmp_path, CPU)
    folder = twin_folder(config, cache)
    record = json.loads((folder / RECORD).read_text())
    assert record["held_out_loss"] < record["unigram_entropy"] < math.log(256)
    stamp = (folder / "model.safetensors").stat().st_mtime_ns
    ensure_pretrained(config, cache)
    assert (folder / "model.safetensors").stat().st_mtime_ns == stamp
    loaded = load_model(config, cache, CPU)
    assert (loaded.id, loaded.num_blocks, loaded.width) == ("twin_gpt2", 2, 32)
    again = tmp_path / "again"
    ensure_pretrained(config, again)
    twice = load_model(config, again, CPU)
    assert twice.fingerprint == loaded.fingerprint
    for name, value in loaded.model.state_dict().items():
        assert torch.equal(value, twice.model.state_dict()[name]), name


def test_what_learned_no_more_than_counting_is_refused_and_not_kept(quick, tmp_path):
    config = quick("twin_gpt2", "model.pretraining.max_steps=1")
    with pytest.raises(
        TrainingError, match="not below the unigram entropy .*raise model.pretraining.max_steps"
    ):
        ensure_pretrained(config, tmp_path)
    assert not list(tmp_path.rglob("*.safetensors"))


def test_other_settings_are_another_twin(quick, tmp_path):
    from src.model.content import model_content

    config = quick("twin_opt_350m")
    others = [replace(config, sizes=None), replace(config, num_blocks=3)]
    others.append(replace(config, pretraining=replace(config.pretraining, max_steps=41)))
    assert len({model_content(one) for one in [config, *others]}) == 4


def test_minilm_is_read_from_its_package_without_a_head(make_config, tmp_path):
    loaded = load_model(make_config("model=minilm_l6").model, tmp_path, CPU)
    assert (loaded.num_blocks, loaded.width, loaded.family) == (6, 384, "bert")
    assert loaded.model.get_output_embeddings() is None
    texts = ["A man eats food.", "A man is eating a meal.", "The girl carries a baby."]
    batch = loaded.tokenizer(texts, padding=True, return_tensors="pt")
    with torch.no_grad():
        states = loaded.model(**batch).last_hidden_state
    mask = batch["attention_mask"].unsqueeze(-1)
    vectors = torch.nn.functional.normalize((states * mask).sum(1) / mask.sum(1), dim=-1)
    near, far = vectors[0] @ vectors[1], vectors[0] @ vectors[2]
    assert near > 0.6 > 0.3 > far  # it knows what sentences mean: the weights are the real ones
    assert not list(Path(tmp_path).rglob("*.safetensors"))  # nothing was copied


def test_what_is_pretrained_is_shown_at_once_and_without_torch(pretrained):
    program = (
        "import sys; from src.twin.__main__ import main; main(sys.argv[1:]); print('torch' in sys.modules)"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program, *pretrained[1]], capture_output=True, text=True, check=True
    )
    line, with_torch = shown.stdout.splitlines()
    assert line.startswith("twin_gpt2: ") and with_torch == "False"


def test_changed_code_finds_no_old_twin(make_config, pretrained, monkeypatch):
    cache, given = pretrained
    config = make_config(*given).model
    assert twin_folder(config, cache).is_dir()
    monkeypatch.setattr("src.model.twin.deciding_code", lambda *packages: "other code")
    with pytest.raises(ModelError, match="not pretrained on this machine yet"):
        twin_folder(config, cache)
