"""What of a metric set two checkpoints can have, and what of it is computed once."""

import pkgutil
import re
from dataclasses import replace
from types import SimpleNamespace

import pandas
import pytest
import torch
import yaml

from src.command.compose import CONF, chosen, model_named
from src.config.schema import DataConfig
from src.data.batches import collate
from src.data.encode import encode_rows
from src.data.splits import load_splits
from src.errors import ConfigError, ModelError
from src.metrics.catalog import METRICS
from src.model.load import load_model
from src.model.tiny import build_tiny
from src.objective.causal_lm import causal_lm_loss


@pytest.mark.parametrize(
    ("sizes", "difference"),
    [
        ({"attention_bias": True}, "model.layers.0.self_attn.q_proj.bias of shape none against (64,)"),
        (
            {"intermediate_size": 96},
            "model.layers.0.mlp.gate_proj.weight of shape (176, 64) against (96, 64)",
        ),
        (
            {"num_key_value_heads": 1},
            "model.layers.0.self_attn.k_proj.weight of shape (64, 64) against (16, 64)",
        ),
    ],
)
def test_other_weight_tensors_are_refused_where_weights_are_compared(compare, tmp_path, sizes, difference):
    build_tiny("llama", 10, 64, sizes).save_pretrained(tmp_path / "tuned")
    for name in ("weight_change", "update_gradient_cosine"):
        with pytest.raises(
            ModelError, match=re.escape(f"have {difference}; it needs models alike in this")
        ) as e:
            compare(f"metrics.names=[mean_shift,{name}]")
        assert str(e.value).startswith(f"metric {name}: base=")
    if "attention_bias" in sizes:  # the other way round
        with pytest.raises(
            ModelError, match=r"metric weight_change: .*q_proj.bias of shape \(64,\) against none"
        ):
            compare("metrics=default", models=[f"base={tmp_path}/tuned", f"tuned={tmp_path}/base"])
    compare("metrics.names=[mean_shift]")


def test_models_that_do_not_fit_together_leave_out_what_compares_weights(compare, monkeypatch, caplog):
    monkeypatch.setattr("src.compare.weights.psutil.virtual_memory", lambda: SimpleNamespace(available=1000))
    layers = pandas.read_csv(compare("metrics.names=[mean_shift,weight_change]") / "layers.csv")
    assert set(layers["metric"]) == {"mean_shift"}
    assert "left out, as both models do not fit into memory (" in caplog.text
    assert "GiB free): weight_change" in caplog.text


@pytest.mark.parametrize("name", ["lens_entropy", "fisher_trace"])
def test_a_second_comparison_does_not_pass_through_the_base_again(compare, monkeypatch, tmp_path, name):
    place = {
        "lens_entropy": "src.probe.lens.lens_rows.lens_pass",
        "fisher_trace": "src.probe.gradients.row_gradients.row_gradient_rows",
    }[name]
    calls, original = [], pkgutil.resolve_name(place)
    monkeypatch.setattr(place, lambda *a, **k: calls.append(1) or original(*a, **k))
    first = compare(f"metrics.names=[{name}]")
    assert len(calls) == 2
    second = compare(f"metrics.names=[{name}]", f"paths.runs_dir={tmp_path}/again")
    assert len(calls) == 3  # the tuned side
    assert (first / "layers.csv").read_text() == (second / "layers.csv").read_text()


def test_a_new_metric_on_gradients_is_a_row_of_the_catalog(compare, monkeypatch):
    made = replace(METRICS["fisher_trace"], name="fisher_again")
    monkeypatch.setitem(METRICS, "fisher_again", made)
    layers = pandas.read_csv(compare("metrics.names=[fisher_again,fisher_trace]") / "layers.csv")
    again, first = (
        layers[layers["metric"] == name]["value"].to_numpy() for name in ("fisher_again", "fisher_trace")
    )
    assert len(again) == 20
    assert (again == first).all()


def names_of(layers):
    return set(layers["metric"].str.split("/").str[0])


SETS = sorted(path.stem for path in (CONF / "metrics").glob("*.yaml"))


@pytest.mark.parametrize("name", SETS)
def test_every_metric_set_of_a_pair(compare, name, caplog):
    folder = compare(f"metrics={name}", "metrics.num_gradient_rows=3")
    layers = pandas.read_csv(folder / "layers.csv")
    names = yaml.safe_load((folder / "config.yaml").read_text())["metrics"]["names"]
    while_training = ("step_gradients", "tensor_gradients", "objectives")
    untold = [one for one in names if METRICS[one].needs in while_training]
    assert names_of(layers) == set(names) - set(untold)
    warned = [one.message for one in caplog.records if "left out" in one.message]
    given = f"left out, as a pair was trained elsewhere: {', '.join(untold)}"
    assert warned == ([given] if untold else [])


def test_gradients_of_a_pair_are_those_at_the_weights_of_each_side(compare, tmp_path):
    layers = pandas.read_csv(
        compare("metrics.names=[fisher_trace,update_gradient_cosine]", "metrics.num_gradient_rows=4")
        / "layers.csv"
    )
    models = [
        load_model(model_named(f"{tmp_path}/{side}", "float32"), tmp_path, torch.device("cpu"))
        for side in ("base", "tuned")
    ]
    data = chosen("data", "arithmetic", DataConfig, num_train=8, num_probe=24, num_test=8)
    rows = encode_rows(load_splits(data).train[:4], models[0].tokenizer, data.max_length, "completion").rows
    weight = "model.layers.6.self_attn.q_proj.weight"
    gradients = []
    for loaded in models:
        found = []
        for row in rows:
            loss, _ = causal_lm_loss(loaded.model.requires_grad_(True), collate([row], 0))
            found.append(torch.autograd.grad(loss, loaded.model.get_parameter(weight))[0].double())
        gradients.append(torch.stack(found))
    for side, found in zip(("base", "tuned"), gradients, strict=True):
        of_q = layers[(layers["metric"] == "fisher_trace/q") & (layers["stage"] == side)]
        (value,) = of_q.loc[of_q["layer"] == 7, "value"]
        assert value == pytest.approx(found.square().sum(dim=(1, 2)).mean().item(), rel=1e-5)
    base, tuned = (one.model.get_parameter(weight).detach().double() for one in models)
    expected = -torch.nn.functional.cosine_similarity(
        (tuned - base).flatten(), gradients[0].sum(dim=0).flatten(), dim=0
    )
    (value,) = layers.query("metric == 'update_gradient_cosine/q' and layer == 7")["value"]
    assert value == pytest.approx(expected.item(), rel=1e-4)


def test_what_only_training_tells_is_refused_by_name_where_nothing_else_is_asked(compare):
    with pytest.raises(ConfigError, match="metrics.names: given 'gradient_norm'; accepted: for a pair, "):
        compare("metrics.names=[gradient_norm,objective_cosine_distance]")


def test_a_model_without_the_loss_is_refused_by_metric(compare, tmp_path):
    models = ["base=tiny_bert", "tuned=tiny_llama"]
    with pytest.raises(ModelError, match="metric fisher_trace: given BertForMaskedLM, which is no causal"):
        compare("metrics.names=[fisher_trace]", models=models)
    with pytest.raises(ModelError, match="lens: BertForMaskedLM reads in both directions"):
        compare("metrics.names=[lens_entropy]", models=models)
