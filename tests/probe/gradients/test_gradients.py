import pytest
import torch

from src.errors import DataError
from src.objective.causal_lm import causal_lm_loss
from src.probe.collector import Side
from src.probe.gradients.row_gradients import row_gradient_rows
from src.probe.gradients.step_gradients import (
    block_gradient_norms,
    kind_gradient_norms,
    step_gradient_rows,
)
from src.probe.gradients.update_gradients import update_gradient_rows
from src.probe.weights.kind_rows import BLOCK
from src.probe.weights.tensor_kinds import tensor_kind

FISHER, COSINE = ["fisher_trace"], ["update_gradient_cosine"]


@pytest.fixture
def supervised(rows, batched):
    """Batches with labels: the second half of each row is supervised."""

    def make(num_rows=5, size=2, side="right"):
        batches = batched(rows[:num_rows], size=size, side=side)
        for batch in batches:
            position = batch["attention_mask"].cumsum(dim=1)
            late = position > batch["attention_mask"].sum(dim=1, keepdim=True) // 2
            batch["labels"] = batch["input_ids"].where(
                late & batch["attention_mask"].bool(), torch.tensor(-100)
            )
        return batches

    return make


def row_gradients(model, batches):
    """One dictionary a row of the gradient of its summed loss, by autograd."""
    weights = {n: w for n, w in model.named_parameters() if "lora_" not in n}
    found = []
    for batch in batches:
        for row in range(len(batch["input_ids"])):
            length = int(batch["attention_mask"][row].sum())
            total, _ = causal_lm_loss(
                model, {key: value[row : row + 1, :length] for key, value in batch.items()}
            )
            gradients = torch.autograd.grad(total, list(weights.values()), allow_unused=True)
            found.append({n: 0 if g is None else g.double() for n, g in zip(weights, gradients, strict=True)})
    return found


def table(rows):
    return {(row.metric, row.stage, row.layer): row for row in rows}


def names_of(model, block, kind):
    module = model.get_submodule(block)
    names = [n for n, _ in module.named_parameters() if "lora_" not in n]
    return [f"{block}.{n}" for n in names if kind in (BLOCK, tensor_kind(module, n))]


def fisher(model, gradients, block, kind):
    names = names_of(model, block, kind)
    return torch.tensor([sum(g[n].square().sum().item() for n in names) for g in gradients])


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_lora_against_autograd_on_built_matrices(at_once, tiny, lora, supervised):
    model, blocks = tiny("llama")
    wrapped = lora(model, ["q_proj", "v_proj", "down_proj"])
    batches = supervised()
    before = {n: w.requires_grad for n, w in wrapped.named_parameters()}
    side = Side(supervised, causal_lm_loss)
    rows = row_gradient_rows(wrapped, blocks, side, FISHER, "tuned")
    with wrapped.disable_adapter():
        rows += row_gradient_rows(wrapped, blocks, side, FISHER, "base")
    rows += update_gradient_rows(
        wrapped, blocks, side, COSINE, wrapped.disable_adapter, blocks_at_once=at_once
    )
    found = table(rows)
    assert {n: w.requires_grad for n, w in wrapped.named_parameters()} == before
    assert all(w.grad is None for w in wrapped.parameters())
    updates = {
        f"{n}.base_layer.weight": m.get_delta_weight("default").detach().double()
        for n, m in model.named_modules()
        if hasattr(m, "get_delta_weight")
    }
    wrapped.eval().requires_grad_(True)
    tuned = row_gradients(model, batches)
    with wrapped.disable_adapter():
        wrapped.requires_grad_(True)
        base = row_gradients(model, batches)
    for layer, block in enumerate(blocks, 1):
        for kind, suffix in ((BLOCK, ""), ("q", "/q"), ("norm", "/norm")):
            for stage, gradients in (("base", base), ("tuned", tuned)):
                values, row = (
                    fisher(model, gradients, block, kind),
                    found[f"fisher_trace{suffix}", stage, layer],
                )
                assert row.value == pytest.approx(values.mean().item(), rel=1e-3)
                assert row.stderr == pytest.approx(values.std().item() / 5**0.5, rel=1e-3)
                assert row.n == 5 and row.low < row.value < row.high
        for kind, suffix in ((BLOCK, ""), ("q", "/q"), ("down", "/down")):
            names = [n for n in names_of(model, block, kind) if n in updates]
            update = torch.cat([updates[n].flatten() for n in names])
            gradient = torch.cat([sum(g[n] for g in base).flatten() for n in names])
            expected = torch.cosine_similarity(update, -gradient, dim=0).item()
            row = found[f"update_gradient_cosine{suffix}", "change", layer]
            assert row.value == pytest.approx(expected, abs=1e-5) and (row.stderr, row.n) == (None, None)
        assert found["update_gradient_cosine/up", "change", layer].value is None  # nothing trained there


def full_step(model, batches, initial):
    """One plain gradient step on the mean loss, and how to swap the base back in."""
    weights = {n: w for n, w in model.named_parameters() if n in initial}
    sums = [causal_lm_loss(model, batch) for batch in batches]
    total = sum(s for s, _ in sums) / sum(n for _, n in sums)
    gradients = torch.autograd.grad(total, list(weights.values()))
    with torch.no_grad():
        for weight, gradient in zip(weights.values(), gradients, strict=True):
            weight.sub_(0.1 * gradient)


class Swapped:
    """As `base_weights` does: pointers move."""

    def __init__(self, model, initial):
        self.model, self.initial = model, initial

    def swap(self, *_):
        for name, weight in self.model.named_parameters():
            if name in self.initial:
                weight.data, self.initial[name] = self.initial[name], weight.data

    __enter__ = __exit__ = swap


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
@pytest.mark.parametrize("side", ["right", "left"])
def test_one_plain_step_goes_where_the_gradient_points(kind, side, tiny, supervised):
    model, blocks = tiny(kind)
    model.eval()
    initial = {n: w.detach().clone() for n, w in model.named_parameters() if not n.startswith(blocks[0])}
    initial = {n: w for n, w in initial.items() if any(n.startswith(block) for block in blocks)}
    full_step(model, supervised(), initial)
    model.train()
    side, at_base = Side(supervised, causal_lm_loss), lambda: Swapped(model, initial)
    rows = update_gradient_rows(model, blocks, side, COSINE, at_base, initial, blocks_at_once=2)
    assert model.training
    found = table(rows)
    for layer in (2, 3):
        assert found["update_gradient_cosine", "change", layer].value == pytest.approx(1, abs=1e-5)
        assert found["update_gradient_cosine/norm", "change", layer].value == pytest.approx(1, abs=1e-5)
    assert found["update_gradient_cosine", "change", 1].value is None


def test_fisher_needs_no_padding_side_nor_batch_size(tiny, supervised):
    model, blocks = tiny("llama")

    def values(**options):
        side = Side(lambda: supervised(**options), causal_lm_loss)
        rows = row_gradient_rows(model, blocks, side, FISHER, "base")
        return [row.value for row in rows]

    assert values(size=3, side="left") == pytest.approx(values(size=1), rel=1e-4)


def test_rows_that_cannot_be_used_are_refused(tiny, supervised):
    model, blocks = tiny("llama")
    with pytest.raises(
        DataError, match=r"metric fisher_trace: given 0 rows; needed: at least 1 \(stage base\)"
    ):
        row_gradient_rows(model, blocks, Side(list, causal_lm_loss), FISHER, "base")
    bare = [batch | {"labels": torch.full_like(batch["labels"], -100)} for batch in supervised()]
    with pytest.raises(DataError, match="given rows without a supervised token"):
        row_gradient_rows(model, blocks, Side(lambda: bare, causal_lm_loss), FISHER, "base")
    assert all(weight.requires_grad for weight in model.parameters())  # restored after the error too


def test_block_gradient_norms(tiny, lora, supervised):
    model, blocks = tiny("llama")
    assert block_gradient_norms(model, blocks) == [None, None, None]
    wrapped = lora(model, ["model.layers.1.self_attn.v_proj"])
    total, _ = causal_lm_loss(wrapped, supervised()[0])
    total.backward()
    first, second, third = block_gradient_norms(wrapped, blocks)
    assert (first, third) == (None, None)
    expected = torch.cat([w.grad.flatten() for w in wrapped.parameters() if w.grad is not None]).norm().item()
    assert second == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("adapted", [True, False])
def test_gradient_norms_of_kinds(tiny, lora, supervised, adapted):
    model, blocks = tiny("llama")
    wrapped = lora(model, ["v_proj", "down_proj"]) if adapted else model
    total, _ = causal_lm_loss(wrapped, supervised()[0])
    total.backward()
    found = kind_gradient_norms(wrapped, blocks)
    for block, norms in zip(blocks, found, strict=True):
        kinds = {"v", "down"} if adapted else {"q", "k", "v", "o", "gate", "up", "down", "norm"}
        assert norms.keys() == kinds
        for kind, name in (("v", "self_attn.v_proj"), ("down", "mlp.down_proj")):
            weights = model.get_submodule(f"{block}.{name}").parameters()
            expected = torch.cat([w.grad.flatten() for w in weights if w.grad is not None]).norm().item()
            assert norms[kind] == pytest.approx(expected, rel=1e-6)
    for norms, whole in zip(found, block_gradient_norms(wrapped, blocks), strict=True):
        assert sum(norm**2 for norm in norms.values()) == pytest.approx(whole**2, rel=1e-5)


def test_gradient_norms_of_kinds_over_training():
    kinds = [[{"q": float(step), "v": 1.0}, {}] for step in range(1, 21)]
    found = table(
        step_gradient_rows(["gradient_norm"], [[float(step), None] for step in range(1, 21)], kinds)
    )
    assert found["gradient_norm/q", "change", 1].value == 10.5
    assert found["gradient_norm/v", "change", 1].n == 20
    assert found["gradient_norm/q", "change", 2].value is None
    assert found["gradient_norm", "change", 1].value == 10.5


def test_gradient_norm_over_training():
    steps = [[float(step), None] for step in range(1, 21)]
    found = table(step_gradient_rows(["gradient_norm"], steps))
    values = [
        found[name, "change", 1].value
        for name in ("gradient_norm", "gradient_norm/start", "gradient_norm/end")
    ]
    assert values == [10.5, 1.5, 19.5]
    assert [row.n for row in found.values() if row.layer == 1] == [20, 2, 2]
    assert found["gradient_norm", "change", 2].value is None
    assert step_gradient_rows(["gradient_norm"], []) == []
    assert step_gradient_rows(["gradient_norm"], [[3.0, 1.0]])[0].value == 3.0
