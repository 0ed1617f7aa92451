"""What of a metric set a run refuses before training, repeats, and computes once."""

import pandas
import pytest
from scipy import stats

import src.probe.lens.lens_rows
from src.errors import ModelError

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # torch on its own profilers and hooks


def test_a_lens_that_cannot_read_the_model_is_refused_before_training(run, tmp_path):
    with pytest.raises(
        ModelError, match="lens: BertForMaskedLM reads in both directions; accepted: a causal"
    ):
        run("model=tiny_bert", "objective=masked_lm", "evaluate=none", "metrics=lens")
    assert not list((tmp_path / "runs").rglob("config.yaml"))


def test_views_of_data_without_a_question_and_a_further_set_of_rows_for_the_lens(run):
    folder = run(
        "data=sums", "data.num_train=32", "data.num_probe=24", "data.num_test=8", "evaluate=none",
        "metrics.names=[infonce,lens_entropy,mean_shift]", "probe.seeds=[0,1,2]",
    )  # fmt: skip
    tables = [pandas.read_csv(folder / f"layers-seed-{seed}.csv") for seed in (0, 1, 2)]
    assert all(set(table["metric"]) == {"infonce", "lens_entropy", "mean_shift"} for table in tables)
    merged = pandas.read_csv(folder / "layers.csv")
    values = pandas.concat([table["value"] for table in tables], axis=1).to_numpy()
    mean, spread = values.mean(axis=1), values.std(axis=1, ddof=1)
    reach = stats.t.ppf(0.975, df=2) * spread / 3**0.5
    assert merged["stderr"].to_numpy() == pytest.approx(spread, abs=1e-12)
    assert merged["low"].to_numpy() == pytest.approx(mean - reach, abs=1e-9)
    assert merged["high"].to_numpy() == pytest.approx(mean + reach, abs=1e-9)


def test_the_lens_passes_through_the_base_once_for_all_runs(run, monkeypatch):
    calls = []
    original = src.probe.lens.lens_rows.lens_pass
    monkeypatch.setattr(
        src.probe.lens.lens_rows, "lens_pass", lambda *a, **k: calls.append(1) or original(*a, **k)
    )
    run("metrics=lens", "method=lora", "evaluate=none")
    assert len(calls) == 2
    run("metrics=lens", "method=midblock", "evaluate=none")
    assert len(calls) == 3
