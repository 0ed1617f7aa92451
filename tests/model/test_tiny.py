import pytest
import torch

from src.errors import ModelError
from src.model.byte_tokenizer import VOCABULARY_SIZE
from src.model.tiny import ARCHITECTURES, ENCODERS, build_tiny, tiny_fingerprint


def vocabulary(architecture):
    return VOCABULARY_SIZE + (architecture in ENCODERS)  # a mask


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_tiny_is_tiny(tiny, architecture):
    model = tiny(architecture)
    least = 50_000 if architecture == "albert" else 200_000  # one block for all layers
    assert least <= sum(parameter.numel() for parameter in model.parameters()) <= 1_200_000
    assert model.config.model_type == architecture
    assert model.config.num_hidden_layers == 10
    width = 32 if architecture == "albert" else 64  # its embeddings are narrower than its states
    assert model.get_input_embeddings().weight.shape == (vocabulary(architecture), width)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    assert not model.training


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_tiny_reads_512_tokens(tiny, architecture):
    ids = torch.arange(2, 514)[None] % 256 + 2
    with torch.no_grad():
        logits = tiny(architecture)(input_ids=ids).logits
    assert logits.shape == (1, 512, vocabulary(architecture))
    assert logits.isfinite().all()


@pytest.mark.parametrize("architecture", ["llama", "rwkv", "bert"])
def test_weights_do_not_depend_on_what_was_drawn_before(architecture):
    torch.manual_seed(1)
    first = build_tiny(architecture, num_blocks=2, width=32)
    torch.manual_seed(2)
    torch.rand(7)
    state = torch.get_rng_state()
    second = build_tiny(architecture, num_blocks=2, width=32)
    assert torch.equal(torch.get_rng_state(), state)
    for name, weight in first.state_dict().items():
        assert torch.equal(weight, second.state_dict()[name]), name


def test_fingerprint_follows_shape_and_weights():
    model = build_tiny("llama", num_blocks=2, width=32)
    before = tiny_fingerprint(model)
    assert before.startswith("tiny-llama-2x32-seed0-")
    assert before == tiny_fingerprint(build_tiny("llama", num_blocks=2, width=32))
    assert before != tiny_fingerprint(build_tiny("llama", num_blocks=3, width=32))
    model.lm_head.weight.data[0, 0] += 1e-3
    assert before != tiny_fingerprint(model)


@pytest.mark.parametrize(
    ("architecture", "num_blocks", "width", "line"),
    [
        ("t5", 10, 64, "model.architecture: given 't5'; accepted: " + ", ".join(ARCHITECTURES)),
        ("llama", 10, 60, "model.width: given 60; accepted for tiny models: a multiple of 16"),
        ("llama", 10, None, "model.width: given None; accepted for tiny models: a multiple of 16"),
        ("llama", None, 64, "model.num_blocks: given None; accepted for tiny models: 1 or more"),
        ("llama", 0, 64, "model.num_blocks: given 0; accepted for tiny models: 1 or more"),
    ],
)
def test_refusals(architecture, num_blocks, width, line):
    with pytest.raises(ModelError) as error:
        build_tiny(architecture, num_blocks, width)
    assert str(error.value) == line
