"""python -m src.probe: two checkpoints side by side."""

import json
import pkgutil
import re
from types import SimpleNamespace

import pandas
import pytest
import torch
import yaml
from hydra import compose, initialize_config_dir
from rich.console import Console

from src.compose import CONF, model_named, typed
from src.config.schema import PairConfig
from src.data.batches import collate
from src.data.encode import encode_rows
from src.data.splits import load_splits
from src.errors import ConfigError, ModelError
from src.metrics.catalog import METRICS
from src.model.byte_tokenizer import byte_tokenizer
from src.model.load import load_model
from src.model.tiny import build_tiny
from src.objective.causal_lm import causal_lm_loss
from src.pair import Pair
from src.probe.__main__ import execute
from src.probe.spread import spread_over_seeds
from src.probe.table import LayerRow
from src.report.__main__ import report

SMALL = ["data.num_train=8", "data.num_probe=24", "data.num_test=8", "metrics.num_token_samples=8"]


@pytest.fixture
def checkpoints(tmp_path):
    """A tiny base and the same model with block 6 moved, as folders."""
    model = build_tiny("llama", 10, 64)
    for name in ("base", "tuned"):
        if name == "tuned":
            with torch.no_grad():
                for value in model.model.layers[6].parameters():
                    value += 0.05 * torch.randn(value.shape, generator=torch.Generator().manual_seed(1))
        model.save_pretrained(tmp_path / name)
        byte_tokenizer().save_pretrained(tmp_path / name)
    return [f"base={tmp_path}/base", f"tuned={tmp_path}/tuned"]


@pytest.fixture
def compare(tmp_path, checkpoints):
    def run(*overrides, models=checkpoints):
        paths = [f"paths.runs_dir={tmp_path}/runs", f"paths.cache_dir={tmp_path}/cache"]
        with initialize_config_dir(str(CONF), version_base="1.3"):
            config = typed(compose("probe", overrides=[*models, *paths, *SMALL, *overrides]), PairConfig)
        execute(config)
        return Pair(config).folder.path

    return run


def test_change_shows_where_it_was_made(compare):
    folder = compare()
    record = json.loads((folder / "run.json").read_text())
    assert record["status"] == "success"
    assert record["model"]["num_blocks"] == 10
    layers = pandas.read_csv(folder / "layers.csv")
    change = layers[layers["metric"] == "weight_change"].set_index("layer")["value"]
    assert change[7] > 0.01
    assert (change.drop(7) == 0).all()
    shift = layers[layers["metric"] == "mean_shift"].set_index("layer")["value"]
    assert (shift.loc[:6] == 0).all()
    assert (shift.loc[7:] > 0).all()
    report_of(folder)
    cosine = layers[layers["metric"] == "cosine_similarity"].set_index("layer")["value"]
    assert cosine.loc[:6].to_numpy() == pytest.approx(1.0, abs=1e-6)
    assert cosine[7] < 0.9999


def report_of(folder):
    text = report(folder.parent, Console(quiet=True)).read_text()
    assert '"name":"pair"' in text  # a line of the figures by layer
    assert "<option>mean_shift</option>" in text


def test_a_finished_comparison_is_skipped_and_the_base_is_passed_once(compare, monkeypatch, tmp_path):
    import src.probe.run as run

    calls = []
    original = run.probe_pass
    monkeypatch.setattr(run, "probe_pass", lambda *a, **k: calls.append(1) or original(*a, **k))
    first = compare()
    assert len(calls) == 2
    assert compare() == first
    assert len(calls) == 2
    compare(f"paths.runs_dir={tmp_path}/again")
    assert len(calls) == 3  # another comparison with the same base: only the tuned side


def test_several_seeds_report_the_spread(compare):
    folder = compare("probe.seeds=[1,2,3]", "metrics.names=[cosine_similarity]")
    tables = [pandas.read_csv(folder / f"layers-seed-{seed}.csv") for seed in (1, 2, 3)]
    merged = pandas.read_csv(folder / "layers.csv")
    values = pandas.concat([table["value"] for table in tables], axis=1)
    assert merged["value"].to_numpy() == pytest.approx(values.mean(axis=1).to_numpy())
    assert merged["stderr"].to_numpy() == pytest.approx(values.std(axis=1).to_numpy(), abs=1e-12)
    assert values.std(axis=1).max() > 0


def test_a_gap_of_one_seed_is_a_gap():
    tables = [[LayerRow("change", 1, 0.5, "mean_shift", value, None, 4)] for value in (1.0, None)]
    (row,) = spread_over_seeds(tables)
    assert (row.value, row.stderr, row.low, row.high, row.n) == (None, None, None, None, 8)


def test_models_that_do_not_fit_are_refused(compare, checkpoints, tmp_path):
    build_tiny("llama", 12, 64).save_pretrained(tmp_path / "deeper")
    byte_tokenizer().save_pretrained(tmp_path / "deeper")
    with pytest.raises(ModelError, match="metric cka_debiased: .* have 10 blocks against 12"):
        compare(models=[checkpoints[0], f"tuned={tmp_path}/deeper"])
    assert not list((tmp_path / "runs").rglob("config.yaml"))
    with pytest.raises(ConfigError, match="tuned: given 'tiny_llama'; accepted: another model than base"):
        compare(models=["base=tiny_llama", "tuned=tiny_llama"])


def test_unlike_widths_leave_cka(compare, checkpoints, tmp_path):
    build_tiny("llama", 10, 32).save_pretrained(tmp_path / "narrow")
    byte_tokenizer().save_pretrained(tmp_path / "narrow")
    models = [checkpoints[0], f"tuned={tmp_path}/narrow"]
    with pytest.raises(ModelError, match="metric mean_shift: .* have width 64 against 32"):
        compare("metrics.names=[cka_debiased,mean_shift]", models=models)
    layers = pandas.read_csv(
        compare("metrics.names=[cka_debiased,effective_rank]", models=models) / "layers.csv"
    )
    assert layers.loc[layers["metric"] == "cka_debiased", "value"].notna().all()


def test_the_same_ids_with_another_pad_are_compared(compare, tmp_path):
    tokenizer = byte_tokenizer()
    assert tokenizer.pad_token_id != tokenizer.eos_token_id
    tokenizer.pad_token = tokenizer.eos_token
    tokenizer.save_pretrained(tmp_path / "tuned")
    layers = pandas.read_csv(compare("metrics.names=[mean_shift]") / "layers.csv")
    assert (layers["value"].iloc[:7] == 0).all()


def test_other_ids_leave_cka(compare, tmp_path):
    path = tmp_path / "tuned" / "tokenizer.json"
    saved = json.loads(path.read_text())
    vocabulary = saved["model"]["vocab"]
    vocabulary["1"], vocabulary["2"] = vocabulary["2"], vocabulary["1"]
    path.write_text(json.dumps(saved))
    with pytest.raises(
        ModelError, match="metric mean_shift: .* have tokenizers that cut the rows differently"
    ):
        compare("metrics.names=[cka_debiased,mean_shift]")
    layers = pandas.read_csv(compare("metrics.names=[cka_debiased]") / "layers.csv")
    assert (layers.loc[layers["layer"] > 0, "value"] < 1).all()


def test_names_lead_to_models(tmp_path):
    assert model_named("olmo2_7b:sft", "bfloat16").resolved_id == "allenai/OLMo-2-1124-7B-SFT"
    assert model_named("olmo2_7b", "bfloat16").resolved_id == "allenai/OLMo-2-1124-7B"
    assert model_named("org/name@v2", "float32").revision == "v2"
    assert model_named(str(tmp_path), "float32").resolved_id == str(tmp_path)
    assert model_named("smollm2_135m", "float32").source == "wheel"
    with pytest.raises(ConfigError, match="model.variant: given 'ppo'"):
        model_named("olmo2_7b:ppo", "float32")


def test_the_lens_of_a_pair_reads_both_models_on_the_completions(compare):
    layers = pandas.read_csv(compare("metrics=lens") / "layers.csv")
    assert set(layers["stage"]) == {"base", "tuned"}
    assert layers["value"].notna().all()
    entropy = layers[layers["metric"] == "lens_entropy"].pivot(index="layer", columns="stage", values="value")
    assert (entropy.loc[:6, "base"] == entropy.loc[:6, "tuned"]).all()
    assert (entropy.loc[7:, "base"] != entropy.loc[7:, "tuned"]).all()


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
    monkeypatch.setattr("src.pair_weights.psutil.virtual_memory", lambda: SimpleNamespace(available=1000))
    layers = pandas.read_csv(compare("metrics.names=[mean_shift,weight_change]") / "layers.csv")
    assert set(layers["metric"]) == {"mean_shift"}
    assert "left out, as both models do not fit into memory (" in caplog.text
    assert "GiB free): weight_change" in caplog.text


@pytest.mark.parametrize("name", ["lens_entropy", "fisher_trace"])
def test_a_second_comparison_does_not_pass_through_the_base_again(compare, monkeypatch, tmp_path, name):
    place = {"lens_entropy": "src.probing.lens_pass", "fisher_trace": "src.pair_weights.fisher_trace"}[name]
    calls, original = [], pkgutil.resolve_name(place)
    monkeypatch.setattr(place, lambda *a, **k: calls.append(1) or original(*a, **k))
    first = compare(f"metrics.names=[{name}]")
    assert len(calls) == 2
    second = compare(f"metrics.names=[{name}]", f"paths.runs_dir={tmp_path}/again")
    assert len(calls) == 3  # the tuned side
    assert (first / "layers.csv").read_text() == (second / "layers.csv").read_text()


def names_of(layers):
    return set(layers["metric"].str.split("/").str[0])


SETS = sorted(path.stem for path in (CONF / "metrics").glob("*.yaml"))


@pytest.mark.parametrize("name", SETS)
def test_every_metric_set_of_a_pair(compare, name, caplog):
    folder = compare(f"metrics={name}", "metrics.num_gradient_rows=3")
    layers = pandas.read_csv(folder / "layers.csv")
    names = yaml.safe_load((folder / "config.yaml").read_text())["metrics"]["names"]
    untold = [one for one in names if one == "gradient_norm" or METRICS[one].needs == "objectives"]
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
    with initialize_config_dir(str(CONF), version_base="1.3"):
        data = typed(compose("probe", overrides=["base=a", "tuned=b", *SMALL]), PairConfig).data
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
