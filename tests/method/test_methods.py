"""A new method is a class, a row and its settings: everything else asks the method, not which one it is."""

import ast
from pathlib import Path

import pytest
import torch

from src.config.method import KINDS
from src.method.catalog import METHODS, adapt, method_of
from src.method.full import Full
from src.method.penalty.of_weights import OfWeights, Term
from src.method.weights import base_weights, load_tuned, save_tuned
from src.objective.catalog import make_objective
from src.train.loop import train

SRC = Path(__file__).resolve().parents[2] / "src"


class Anchored(Full):
    """Full training with half the squared distance to the pretrained weights."""

    def penalty(self, adapted):
        return OfWeights([Term(update, 5e2) for update in self.updates(adapted)], proximal=False)


def test_every_kind_has_a_method_and_settings():
    assert METHODS.keys() == KINDS.keys()


def test_nobody_else_asks_which_method_it_is():
    """No comparison with a kind's name of anything called method outside of src/method and its settings."""
    found = []
    for path in SRC.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Compare) and "method.kind" in ast.unparse(node.left):
                found.append(f"{path.relative_to(SRC)}:{node.lineno}")
    assert not found


@pytest.fixture
def trained(load_tiny, make_config, tmp_path):
    """trained(method class): weights before and after a few steps, and the step log."""

    def make(method, monkeypatch):
        monkeypatch.setitem(METHODS, "full", method())
        config = make_config(
            "method=full", "train.max_steps=6", "train.batch_size=4", "train.learning_rate=1e-3"
        )
        adapted = adapt(load_tiny("llama"), config.method, [3, 4], 0)
        objective = make_objective(config.objective, adapted.loaded.tokenizer)
        rows = objective.encode(rows_of(24), 64).rows
        done = train(
            adapted.model, rows, config.train, objective=objective, seed=0, folder=tmp_path / method.__name__,
            on_step=lambda step, row: None, penalty=method_of(adapted).penalty(adapted),
        )  # fmt: skip
        return adapted, done.steps

    return make


def rows_of(count):
    from src.data.rows import Row

    return [Row(str(i), f"{i} + 1 =", f" {i + 1}") for i in range(count)]


def moved(adapted):
    return sum((v - adapted.originals[n]).square().sum() for n, v in adapted.trainable.items()).sqrt().item()


def test_a_penalty_of_its_own_is_felt_and_logged(trained, monkeypatch):
    plain, log = trained(Full, monkeypatch)
    assert "penalty" not in log[0]
    anchored, log = trained(Anchored, monkeypatch)
    assert log[0]["penalty"] == 0
    assert log[-1]["penalty"] > 0
    assert 0 < moved(anchored) < 0.7 * moved(plain)


@pytest.mark.parametrize("kind", ["lora", "full"])
def test_what_a_method_saves_it_loads_and_its_base_is_the_model_before(
    load_tiny, make_config, tmp_path, kind
):
    config = make_config(f"method={kind}").method
    adapted, other = (adapt(load_tiny("llama"), config, [3, 4], 0) for _ in range(2))
    ids = torch.arange(1, 9)[None]
    adapted.model.eval(), other.model.eval()
    before = adapted.model(input_ids=ids).logits
    with torch.no_grad():
        for value in adapted.trainable.values():
            value += 0.05 * torch.ones_like(value)
    after = adapted.model(input_ids=ids).logits
    assert not torch.equal(before, after)
    with base_weights(adapted):
        assert torch.equal(adapted.model(input_ids=ids).logits, before)
    assert torch.equal(adapted.model(input_ids=ids).logits, after)
    save_tuned(adapted, tmp_path / "adapter")
    load_tuned(other, tmp_path / "adapter")
    assert torch.equal(other.model(input_ids=ids).logits, after)
