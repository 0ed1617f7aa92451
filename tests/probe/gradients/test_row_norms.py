"""Norms of rows from one backward pass against a backward pass of each row."""

import pytest
import torch
from torch import nn

from src.data.batches import collate
from src.data.encode import EncodedRow
from src.errors import ModelError
from src.method.catalog import adapt
from src.model.trunk import base_of
from src.objective.causal_lm import row_losses
from src.probe.gradients.row_norms import row_norms, squared_norms
from src.runtime.seeding import generator

LENGTHS = (5, 9, 7)


def rows(vocabulary=200):
    draw = generator(0, "rows")
    ids = [torch.randint(1, vocabulary, (length,), generator=draw).tolist() for length in LENGTHS]
    return [EncodedRow(str(i), one, [-100] * 2 + one[2:]) for i, one in enumerate(ids)]


def one_by_one(model, blocks, modules):
    """Squared norms [row, block] of the weights of `modules`, from a backward pass of each row alone."""
    names = [name for name, value in base_of(model).named_parameters() if value.requires_grad]
    table = torch.zeros(len(LENGTHS), len(blocks), dtype=torch.float64)
    for place, row in enumerate(rows()):
        model.zero_grad()
        row_losses(model, collate([row], 0)).sum().backward()
        for name in names:
            owner = base_of(model).get_submodule(name.rpartition(".")[0])
            if isinstance(owner, modules):
                block = next((i for i, one in enumerate(blocks) if name.startswith(one + ".")), None)
                if block is not None:
                    table[place, block] += base_of(model).get_parameter(name).grad.double().square().sum()
    model.zero_grad()
    return table


@pytest.mark.parametrize("family", ["llama", "gpt2"])
@pytest.mark.parametrize("method", ["lora", "full"])
def test_one_pass_gives_the_norms_of_single_rows_by_block(load_tiny, make_config, method, family):
    from transformers.pytorch_utils import Conv1D

    loaded = load_tiny(family)
    config = make_config(f"method={method}", "method.rank=2", "method.targets=linear").method
    adapted = adapt(loaded, config, [2, 3], 0)
    with torch.no_grad():  # LoRA's B is zero at the start, and A has no gradient there
        for name, value in adapted.trainable.items():
            value += 0.05 * torch.randn(value.shape, generator=generator(0, name))
    adapted.model.eval()
    with row_norms(adapted.model, loaded.blocks, len(LENGTHS)) as found:
        row_losses(adapted.model, collate(rows(), 0)).sum().backward()
    expected = one_by_one(adapted.model, loaded.blocks, (nn.Linear, Conv1D))
    assert (expected[:, [2, 3]] > 0).all()
    assert (expected[:, [0, 1]] == 0).all()
    torch.testing.assert_close(found, expected, rtol=2e-5, atol=0)


def test_mean_losses_of_rows_are_those_of_rows_alone(load_tiny):
    model = load_tiny("llama").model
    together = row_losses(model, collate(rows(), 0))
    alone = torch.cat([row_losses(model, collate([row], 0)) for row in rows()])
    torch.testing.assert_close(together, alone, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shape", [(3, 2, 40, 30), (3, 50, 4, 6)])
def test_both_ways_to_a_norm_agree(shape):
    rows_, positions, width_in, width_out = shape
    seen = torch.randn(rows_, positions, width_in, generator=generator(0, "seen"))
    back = torch.randn(rows_, positions, width_out, generator=generator(0, "back"))
    expected = torch.einsum("rto,rti->roi", back, seen).square().sum((1, 2))
    torch.testing.assert_close(squared_norms(seen, back), expected, rtol=1e-4, atol=0)


class Twice(nn.Module):
    """A layer that is used twice in a pass, with a bias."""

    def __init__(self):
        super().__init__()
        self.stack = nn.ModuleList([nn.Linear(4, 4)])

    def forward(self, x):
        return self.stack[0](self.stack[0](x).tanh())


def test_calls_of_one_layer_add_up_before_the_norm_is_taken():
    model, x = Twice(), torch.randn(3, 2, 4, generator=generator(0, "x"))
    with row_norms(model, ["stack.0"], 3) as found:
        model(x).square().sum().backward()
    for place in range(3):
        model.zero_grad()
        model(x[place : place + 1]).square().sum().backward()
        expected = sum(value.grad.double().square().sum() for value in model.parameters())
        assert found[place, 0].item() == pytest.approx(expected.item(), rel=1e-5)


def test_a_block_without_a_layer_that_trains_is_refused():
    model = Twice().requires_grad_(False)
    with (
        pytest.raises(ModelError, match="no linear layer of a block trains"),
        row_norms(model, ["stack.0"], 3),
    ):
        pass


def test_a_layer_that_mixes_rows_is_refused():
    model = Twice()
    with pytest.raises(ModelError, match="rows along the first axis"), row_norms(model, ["stack.0"], 3):
        model(torch.ones(6, 4))
