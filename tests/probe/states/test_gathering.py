import math

import pytest
import torch

from src.errors import DataError, ModelError
from src.model.trunk import block_modules, trunk_of
from src.probe.states.padding import right_padded
from src.probe.states.pooling import masked_mean


def test_masked_mean_of_known_numbers():
    states = torch.tensor(
        [[[1.0, 10.0], [3.0, 30.0], [math.nan, math.inf]], [[5.0, 5.0], [0.0, 0.0], [0.0, 0.0]]]
    )
    mask = torch.tensor([[True, True, False], [True, False, False]])
    assert masked_mean(states, mask).tolist() == [[2.0, 20.0], [5.0, 5.0]]


def test_masked_mean_sums_in_float32():
    states = torch.ones(1, 1000, 1, dtype=torch.bfloat16)
    states[0, 0] = 1008.0  # a bfloat16 that adding 1 in bfloat16 does not change
    assert masked_mean(states, torch.ones(1, 1000, dtype=torch.bool)).item() == pytest.approx(2.007, rel=1e-6)


def test_right_padded_moves_padding_and_drops_empty_columns():
    ids = torch.tensor([[0, 0, 0, 7, 8], [0, 4, 5, 6, 0]])
    mask = torch.tensor([[0, 0, 0, 1, 1], [0, 1, 1, 1, 0]])
    moved, moved_mask = right_padded({"input_ids": ids, "attention_mask": mask})
    assert moved_mask.tolist() == [[True, True, False], [True, True, True]]
    assert moved[0, :2].tolist() == [7, 8]
    assert moved[1].tolist() == [4, 5, 6]


def test_a_row_without_tokens_is_refused():
    batch = {"input_ids": torch.zeros(2, 3).long(), "attention_mask": torch.tensor([[1, 0, 0], [0, 0, 0]])}
    with pytest.raises(
        DataError, match=r"given a row without tokens \(row 1 of its batch\); needed: at least one"
    ):
        right_padded(batch)


def test_trunk_has_no_head(tiny, lora):
    model, _ = tiny("llama")
    assert trunk_of(model) is model.model
    assert trunk_of(model.model) is model.model
    assert trunk_of(lora(model, ["q_proj"])) is model.model
    plain = torch.nn.Linear(2, 2)
    assert trunk_of(plain) is plain


def test_unknown_and_missing_blocks_are_refused(tiny):
    model, _ = tiny("llama")
    with pytest.raises(ModelError) as error:
        block_modules(model, ["model.layers.9"])
    assert str(error.value) == "blocks: given 'model.layers.9'; accepted: a module name of LlamaForCausalLM"
    with pytest.raises(ModelError, match="blocks: given none"):
        block_modules(model, [])
