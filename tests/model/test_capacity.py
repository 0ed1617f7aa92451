"""How long a row a model can read is what a pass over one row more shows."""

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM, Gemma3Config, Gemma3ForConditionalGeneration

from src.errors import ConfigError, ModelError
from src.model.capacity import check_room, most_tokens, num_positions
from src.model.tiny import ARCHITECTURES, NUM_POSITIONS, build_tiny

WITH_TABLE = ("albert", "bert", "codegen", "gpt2", "opt", "roberta")


def reads(model, length):
    try:
        with torch.no_grad():
            model(
                input_ids=torch.full((1, length), 5), attention_mask=torch.ones(1, length, dtype=torch.long)
            )
    except (IndexError, RuntimeError):
        return False
    return True


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_row_of_every_position_is_read_and_one_more_is_not(architecture):
    model = build_tiny(architecture, 2, 16)
    found = num_positions(model)
    assert (found is not None) == (architecture in WITH_TABLE)
    if found is not None:
        assert found == NUM_POSITIONS
        assert reads(model, found)
        assert not reads(model, found + 1)
        with pytest.raises(
            ConfigError, match=r"^data.max_length: given 600, .* has 513 tokens; accepted: at most 512"
        ):
            check_room(model, [[5], [5] * 513], 0, 600)
    check_room(model, [[5] * NUM_POSITIONS], 0, 600)


def test_positions_of_a_tower_for_images_are_none_of_text():
    text = {
        "vocab_size": 270,
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 2,
        "head_dim": 8,
    }
    text |= {"num_attention_heads": 2, "num_key_value_heads": 2, "sliding_window": 16, "pad_token_id": 0}
    see = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    see |= {"image_size": 28, "patch_size": 14}
    config = Gemma3Config(text_config=text, vision_config=see, mm_tokens_per_image=4)
    model = Gemma3ForConditionalGeneration(config)
    assert num_positions(model) is None
    check_room(model, [[5] * 45], 0, 64)


@pytest.mark.parametrize(
    ("kind", "sizes"),
    [
        ("ctrl", {"n_positions": 20, "n_embd": 16, "n_layer": 1, "n_head": 2, "dff": 16}),
        ("mpt", {"max_seq_len": 20, "d_model": 16, "n_layers": 1, "n_heads": 2}),
    ],
)
def test_positions_that_lie_in_no_table_are_found_by_reading_the_row(kind, sizes):
    """CTRL keeps its table as a buffer of its own, MPT a distance for each pair of positions."""
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, vocab_size=16, **sizes)).eval()
    assert reads(model, 20) and not reads(model, 21)
    with pytest.raises(ConfigError, match=r"^data.max_length: given 64, .* 21 tokens; accepted: at most 20"):
        check_room(model, [[5], [5] * 21], 0, 64)
    check_room(model, [[5] * 20], 0, 64)
    assert most_tokens(model) == 20  # what scoring cuts a prompt to


@pytest.mark.parametrize(
    "rope",
    [
        {"rope_type": "dynamic", "factor": 4.0},
        {
            "rope_type": "longrope",
            "original_max_position_embeddings": 16,
            "short_factor": [1.0] * 4,
            "long_factor": [4.0] * 4,
        },
    ],
    ids=lambda rope: rope["rope_type"],
)
def test_rows_that_would_stretch_the_positions_of_others_are_refused(rope):
    sizes = {"vocab_size": 61, "hidden_size": 16, "intermediate_size": 16, "num_attention_heads": 2}
    own = {"rope_parameters": {"rope_theta": 10000.0, **rope}}
    config = AutoConfig.for_model("llama", **sizes, num_hidden_layers=1, max_position_embeddings=16, **own)
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config).eval()
    with torch.no_grad():
        for weight in model.parameters():  # so large that positions decide
            weight.mul_(8) if weight.ndim > 1 else None
    row, longer, fitting = list(range(3, 11)), [5] * 60, [5] * 16

    @torch.no_grad()
    def beside(other):
        ids = torch.tensor([row + [0] * (len(other) - len(row)), other])
        mask = torch.tensor([[1] * len(row) + [0] * (len(other) - len(row)), [1] * len(other)])
        return model(input_ids=ids, attention_mask=mask).logits[0, : len(row)]

    alone = beside(row)
    assert torch.allclose(beside(fitting), alone, atol=1e-4)
    assert (beside(longer) - alone).abs().max() > 1e-2  # else nothing would be proven
    with pytest.raises(ConfigError, match="60 tokens; accepted: at most 16, beyond which one row moves"):
        check_room(model, [row, longer], 0, 64)
    check_room(model, [row, fitting], 0, 64)
    assert most_tokens(model) == 16


def test_rotary_positions_go_on_with_a_warning(caplog):
    model = build_tiny("llama", 1, 16)
    assert reads(model, NUM_POSITIONS + 1)
    check_room(model, [[5] * 513], 0, 600)
    assert caplog.messages == [
        "data.max_length=600: rows of up to 513 tokens, but LlamaForCausalLM was made for 512 positions"
    ]


@pytest.mark.parametrize(("rows", "pad_id"), [([[257, 258]], 0), ([[5]], 258)])
def test_an_id_beyond_the_embedding_is_refused(rows, pad_id):
    with pytest.raises(ModelError, match="gives the token id 258, but its embedding has 258 rows"):
        check_room(build_tiny("llama", 1, 16), rows, pad_id, 64)
    check_room(build_tiny("llama", 1, 16), [[257]], 257, 64)
