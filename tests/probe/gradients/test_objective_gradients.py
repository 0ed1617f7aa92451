"""Distances between the gradients of two objectives, against autograd and an explicit best rotation."""

import pytest
import scipy
import torch

from src.errors import DataError
from src.metrics.optimization.gradient_distance import nuclear_of_product
from src.objective.causal_lm import causal_lm_loss
from src.probe.collector import Side
from src.probe.gradients.objectives import objective_distance_rows
from src.probe.weights.kind_rows import BLOCK
from src.probe.weights.tensor_kinds import tensor_kind

COSINE, PROCRUSTES = NAMES = ["objective_cosine_distance", "objective_procrustes_distance"]


def mean_state(model, batch):
    """Another objective: the squared mean of each logit, whatever the labels are."""
    logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
    return logits.mean(1).square().sum(), len(logits)


@pytest.fixture
def batches(rows, batched):
    found = batched(rows[:5], size=2)
    for batch in found:
        batch["labels"] = batch["input_ids"].where(batch["attention_mask"].bool(), torch.tensor(-100))
    return found


def gradients(model, batches, loss):
    model.config.use_cache = False
    weights = {name: weight for name, weight in model.named_parameters() if "lora_" not in name}
    found = {name: torch.zeros_like(weight).double() for name, weight in weights.items()}
    for batch in batches:
        total, _ = loss(model, batch)
        parts = torch.autograd.grad(total, list(weights.values()), allow_unused=True)
        for name, part in zip(weights, parts, strict=True):
            found[name] += 0 if part is None else part
    return found


def cosine_distance(pairs):
    first, second = (torch.cat([pair[side].reshape(-1) for pair in pairs]) for side in (0, 1))
    return 1 - (first @ second / (first.norm() * second.norm())).item()


def procrustes(pairs):
    """Rotates each matrix of one side as well as scipy can, and measures what is left."""
    pairs = [(a.squeeze(), b.squeeze()) for a, b in pairs if a.squeeze().dim() == 2]
    norms = [sum(pair[side].square().sum() for pair in pairs).sqrt() for side in (0, 1)]
    left = 0.0
    for first, second in pairs:
        rotation, _ = scipy.linalg.orthogonal_procrustes(
            (second / norms[1]).numpy(), (first / norms[0]).numpy()
        )
        left += (first / norms[0] - second / norms[1] @ torch.from_numpy(rotation)).square().sum().item()
    return left**0.5


@pytest.mark.parametrize("kind", ["llama", "gpt2", "opt", "bert", "roberta", "mamba", "rwkv"])
@pytest.mark.parametrize("at_once", [1, 3])
def test_every_block_and_kind_equals_autograd(tiny, batches, kind, at_once):
    model, blocks = tiny(kind)
    model.eval()
    sides = [Side(lambda: batches, causal_lm_loss), Side(lambda: batches, mean_state)]
    found = objective_distance_rows(model, blocks, *sides, NAMES, at_once)
    assert {row.stage for row in found} == {"base"}
    values = {(row.metric, row.layer): row.value for row in found}
    first, second = (gradients(model, batches, loss) for loss in (causal_lm_loss, mean_state))
    for layer, block in enumerate(blocks, 1):
        module = model.get_submodule(block)
        names = [name for name, _ in module.named_parameters()]
        for group in {BLOCK, *(tensor_kind(module, name) for name in names)}:
            mine = [name for name in names if group in (BLOCK, tensor_kind(module, name))]
            pairs = [(first[f"{block}.{name}"], second[f"{block}.{name}"]) for name in mine]
            suffix = f"/{group}" if group else ""
            assert values[COSINE + suffix, layer] == pytest.approx(cosine_distance(pairs), abs=1e-5)
            if values[PROCRUSTES + suffix, layer] is None:
                assert all(pair[0].squeeze().dim() < 2 for pair in pairs)
            else:
                assert values[PROCRUSTES + suffix, layer] == pytest.approx(procrustes(pairs), abs=1e-4)


def test_an_objective_is_at_no_distance_from_itself_or_from_a_multiple_of_itself(tiny, batches):
    model, blocks = tiny("llama")
    twice = lambda model, batch: (2 * causal_lm_loss(model, batch)[0], 1)  # noqa: E731
    found = objective_distance_rows(
        model, blocks, Side(lambda: batches, causal_lm_loss), Side(lambda: batches, twice), NAMES
    )
    values = [row.value for row in found if row.metric in NAMES]
    assert values == pytest.approx([0.0] * 6, abs=1e-3)


def test_opposite_objectives_are_two_apart_and_a_rotation_undoes_it(tiny, batches):
    model, blocks = tiny("llama")
    minus = lambda model, batch: (-causal_lm_loss(model, batch)[0], 1)  # noqa: E731
    sides = Side(lambda: batches, causal_lm_loss), Side(lambda: batches, minus)
    found = {
        (row.metric, row.layer): row.value for row in objective_distance_rows(model, blocks, *sides, NAMES)
    }
    assert found[COSINE, 1] == pytest.approx(2.0, abs=1e-6)
    assert found[PROCRUSTES, 1] == pytest.approx(0.0, abs=1e-3)


def test_adapters_that_are_off_change_nothing(tiny, batches, lora):
    model, blocks = tiny("llama")
    sides = Side(lambda: batches, causal_lm_loss), Side(lambda: batches, mean_state)
    before = objective_distance_rows(model, blocks, *sides, NAMES)
    wrapped = lora(model, ["q_proj", "v_proj"])
    trained = [name for name, weight in wrapped.named_parameters() if weight.requires_grad]
    with wrapped.disable_adapter():
        after = objective_distance_rows(wrapped, blocks, *sides, NAMES)
    for one, other in zip(before, after, strict=True):
        assert (one.value is None) == (other.value is None)
        assert one.value is None or other.value == pytest.approx(one.value, abs=1e-5)
    assert trained == [name for name, weight in wrapped.named_parameters() if weight.requires_grad]


@pytest.mark.parametrize(("rows", "columns"), [(7, 4), (4, 7), (5, 5)])
def test_the_nuclear_norm_of_a_product(rows, columns):
    draw = torch.Generator().manual_seed(1)
    first, second = (torch.randn(rows, columns, generator=draw, dtype=torch.float64) for _ in range(2))
    expected = torch.linalg.matrix_norm(first.T @ second, "nuc")
    torch.testing.assert_close(nuclear_of_product(first, second), expected)


def test_no_rows(tiny):
    model, blocks = tiny("llama")
    with pytest.raises(DataError, match="given 0 rows"):
        objective_distance_rows(model, blocks, Side(list, causal_lm_loss), Side(list, causal_lm_loss), NAMES)
