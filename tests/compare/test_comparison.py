"""python -m src.probe: two checkpoints side by side."""

import json

import pandas
import pytest
from rich.console import Console

from src.command.compose import model_named
from src.errors import ConfigError, ModelError
from src.model.byte_tokenizer import byte_tokenizer
from src.model.tiny import build_tiny
from src.probe.table.layer_table import LayerRow
from src.probe.table.spread import spread_over_seeds
from src.report.report import report


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
    import src.probe.states.parts as run

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
    assert model_named("smollm2_135m", "float32").source == "package"
    with pytest.raises(ConfigError, match="model.variant: given 'ppo'"):
        model_named("olmo2_7b:ppo", "float32")


def test_the_lens_of_a_pair_reads_both_models_on_the_completions(compare):
    layers = pandas.read_csv(compare("metrics=lens") / "layers.csv")
    assert set(layers["stage"]) == {"base", "tuned"}
    assert layers["value"].notna().all()
    entropy = layers[layers["metric"] == "lens_entropy"].pivot(index="layer", columns="stage", values="value")
    assert (entropy.loc[:6, "base"] == entropy.loc[:6, "tuned"]).all()
    assert (entropy.loc[7:, "base"] != entropy.loc[7:, "tuned"]).all()


def test_ids_that_a_model_of_the_pair_has_no_place_for_are_refused(compare, checkpoints, tmp_path):
    other = byte_tokenizer()
    other.add_tokens([" + ", "a"])
    other.save_pretrained(tmp_path / "base")
    with pytest.raises(ModelError, match="gives the token id 258, but its embedding has 258 rows"):
        compare()
