"""A metric is made by who collects what it needs, whatever it is called."""

import sys
from types import SimpleNamespace

import pytest
import torch

from src.metrics.catalog import METRICS
from src.metrics.metric import Metric
from src.objective.causal_lm import causal_lm_loss
from src.probe.collector import Side
from src.probe.collectors import COLLECTORS, collectors, keeping, read_by
from src.probe.gradients.objectives import objective_distance_rows
from src.probe.gradients.row_gradients import row_gradient_rows
from src.probe.gradients.step_gradients import step_gradient_rows
from src.probe.gradients.update_gradients import update_gradient_rows
from src.probe.weights.weights import update_rows


@pytest.fixture
def new(monkeypatch):
    """Adds a metric as its author would: one function, and one row of the catalog."""

    def add(name, needs, function, **functions):
        module = SimpleNamespace(**{name: function, **functions})
        monkeypatch.setitem(sys.modules, f"made_{name}", module)
        row = Metric(
            name=name, family="optimization", needs=needs, unit="", min_samples=0,
            function=f"made_{name}.{name}", parts=f"made_{name}.{name}_parts",
        )  # fmt: skip
        monkeypatch.setitem(METRICS, name, row)

    return add


@pytest.fixture
def side(rows, batched):
    batches = batched(rows[:4], size=2)
    for batch in batches:
        batch["labels"] = batch["input_ids"].where(batch["attention_mask"].bool(), torch.tensor(-100))
    return Side(lambda: batches, causal_lm_loss)


def values(rows, name):
    return [row.value for row in rows if row.metric == name]


def test_every_need_of_the_catalog_is_collected():
    assert {metric.needs for metric in METRICS.values()} == COLLECTORS.keys()


def test_metrics_of_one_pass_share_their_collector():
    found = collectors(["gini", "mean_shift", "weight_change", "prompt_entropy", "singular_rotation"])
    assert list(found.values()) == [
        ["gini", "mean_shift", "prompt_entropy"],
        ["weight_change", "singular_rotation"],
    ]


def test_what_metrics_read_and_keep():
    names = ["gini", "weight_change", "fisher_trace", "update_gradient_cosine", "gradient_norm"]
    assert read_by(names, "training rows") == ["fisher_trace", "update_gradient_cosine"]
    assert read_by(names, "own training") == ["gradient_norm"]
    assert keeping(names, "blocks", "model") == ["weight_change", "update_gradient_cosine"]


def test_a_new_metric_of_the_gradients_of_rows(new, tiny, side):
    new("taxicab", "row_gradients", lambda gradient: gradient.abs().sum())
    model, blocks = tiny("llama")
    rows = row_gradient_rows(model, blocks, side, ["fisher_trace", "taxicab"], "base")
    for metric in ("fisher_trace", "taxicab"):
        alone = row_gradient_rows(model, blocks, side, [metric], "base")
        assert values(rows, metric) == pytest.approx(values(alone, metric), rel=1e-6)
    squares, sums = values(rows, "fisher_trace/norm"), values(rows, "taxicab/norm")
    assert all(total**2 > square > 0 for total, square in zip(sums, squares, strict=True))


def test_a_new_metric_of_update_and_gradient_is_not_the_cosine(new, tiny, lora, side):
    new("projection", "update_gradients", lambda inner, update, gradient: -inner / gradient.sqrt())
    new("length", "update_gradients", lambda inner, update, gradient: update.sqrt())
    model, blocks = tiny("llama")
    wrapped = lora(model, ["q_proj"])
    names = ["projection", "update_gradient_cosine", "length"]
    rows = update_gradient_rows(wrapped, blocks, side, names, wrapped.disable_adapter)
    expected = [
        cosine * length
        for cosine, length in zip(values(rows, "update_gradient_cosine"), values(rows, "length"), strict=True)
    ]
    assert values(rows, "projection") == pytest.approx(expected, rel=1e-9)


def test_a_new_metric_of_weights(new, tiny, lora):
    new(
        "moved",
        "weights",
        lambda moved, tensors: moved / tensors,
        moved_parts=lambda update: [(torch.tensor(float(update.trained)), torch.ones(()))],
    )
    model, blocks = tiny("llama")
    wrapped = lora(model, ["model.layers.1.self_attn.q_proj"])
    assert values(update_rows(wrapped, blocks, ["moved"]), "moved") == pytest.approx([0, 1 / 9, 0])


def test_a_new_metric_of_two_objectives(new, tiny, side):
    new(
        "tensors",
        "objectives",
        lambda count, first, second: count,
        tensors_parts=lambda first, second: [(torch.ones(()), first.sum(), second.sum())],
    )
    model, blocks = tiny("llama")
    rows = objective_distance_rows(model, blocks, side, side, ["tensors"])
    assert values(rows, "tensors") == [9.0] * 3  # seven matrices and two norms a block


def test_a_new_metric_of_the_steps(new):
    new("last", "step_gradients", lambda norms: norms[-1])
    rows = step_gradient_rows(["last"], [[float(step), 2.0] for step in range(20)])
    assert values(rows, "last") == [19.0, 2.0]
    assert values(rows, "last/start") == [1.0, 2.0]
