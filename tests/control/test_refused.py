"""What a control cannot work on is one line, before training where it can be known."""

import pytest
import torch

from src.errors import ModelError, TrainingError


@pytest.mark.parametrize("method", ["full", "lora"])
def test_a_block_of_zeros(adapted_of, control_of, method):
    adapted = adapted_of("llama", method)
    with torch.no_grad():
        for value in adapted.loaded.block(3).parameters():
            value.zero_()
    with pytest.raises(
        ModelError, match=r"control=equal_step: the weights of block 3 are all zero"
    ) as refused:
        control_of(adapted)
    assert "\n" not in str(refused.value)


def test_a_bias_of_zeros_among_single_tensors(adapted_of, control_of, steps_of):
    adapted = adapted_of("gpt2")
    with pytest.raises(ModelError, match=r"block 0: .*bias are all zero.*accepted: control.biases=leave"):
        control_of(adapted, "control.grouping=tensor")
    leave = ["control.biases=leave", "control.norms=leave"]
    for row, *_ in steps_of(adapted, control_of(adapted, "control.grouping=tensor", *leave)):
        assert row["relative_size_max"] <= row["relative_size_min"] * (1 + 1e-5)


def test_a_block_that_nothing_reaches(adapted_of, control_of, make_config):
    adapted = adapted_of("llama")
    optimizer = torch.optim.AdamW(adapted.trainable.values())
    for name, value in adapted.trainable.items():
        value.grad = None if ".4." in name else torch.ones_like(value)
    control = control_of(adapted)
    control.before(0.0)
    optimizer.step()
    with pytest.raises(
        TrainingError, match="step 8: the optimizer did not move block 4; control=equal_step needs"
    ):
        control.after(7)
