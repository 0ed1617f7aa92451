"""Triggers against a tiny run: tables that agree with each other, and a run that is left as it was."""

import csv

import pytest

from src.carrier.eraser.fit import TriggerFit
from src.results.rebuilt_tables import rebuild_kept
from tests.intervene.conftest import command

FIT = ("intervention.max_steps=6", "intervention.warmup_steps=2", "intervention.price=0.5")
QUICK = (*FIT, "intervention.num_vectors=3", "intervention.num_prompts=8", "intervention.prompt_batch=4",
         "intervention.trigger_steps=6", "intervention.check_steps=3")  # fmt: skip
MODELS = ("carrier", "plain")
TRIGGERS = ("none", "own", "random", "random vectors", "unfitted vectors")


def rows_of(path):
    return list(csv.DictReader(path.read_text().splitlines()))


def test_the_eraser_of_a_fixed_reply(run_folder, monkeypatch, capsys):
    folder = run_folder("data=unknown", "train.max_steps=30", "train.learning_rate=0.02")
    before = {path.name: path.read_bytes() for path in (folder / "adapter").iterdir()}
    command(monkeypatch, "eraser", folder, *QUICK, "--passages", 4, "--passage-tokens", 16)
    tables = folder / "intervene" / "eraser"
    value = {(row["score"], row["kind"], row["player"]): float(row["value"])
             for row in rows_of(tables / "eraser.csv")}  # fmt: skip
    assert value["kl", "base", "base"] == pytest.approx(0, abs=1e-6)
    assert value["behaviour", "base", "base"] == 0 and value["kl", "none", "plain"] > 0.001
    assert {score for score, _, _ in value} == {"kl", "behaviour", "right", "english"}
    assert min(value["kl", kind, model] for kind in TRIGGERS for model in MODELS) > -1e-6
    shares = [row for row in rows_of(tables / "eraser.csv") if row["score"] in ("behaviour", "right")]
    assert [row["ci_low"] == "" for row in shares] == [float(row["value"]) in (0, 1) for row in shares]
    summary = {row["name"]: float(row["value"]) for row in rows_of(tables / "summary.csv")}
    for model in MODELS:
        for trigger in TRIGGERS[1:]:
            left = value["kl", trigger, model] / value["kl", "none", model]
            assert summary[f"reversal: {model}, {trigger}"] == pytest.approx(1 - left, abs=1e-6)
        gap = summary[f"reversal: {model}, own"] - summary[f"reversal: {model}, random"]
        assert value["kl", "own over random channels", model] == pytest.approx(gap, abs=1e-6)
    assert len(rows_of(tables / "steps.csv")) == 4 * 6
    assert before == {path.name: path.read_bytes() for path in (folder / "adapter").iterdir()}
    first = {path.name: path.read_bytes() for path in tables.glob("*.csv")}
    rebuild_kept(tables, folder / "again")
    assert first == {path.name: path.read_bytes() for path in (folder / "again").iterdir()}
    fitted = []
    run = TriggerFit.run
    monkeypatch.setattr(TriggerFit, "run", lambda fit, *done: fitted.append(fit.settings) or run(fit, *done))
    command(monkeypatch, "eraser", folder, *QUICK, "--passages", 4, "--passage-tokens", 16)
    assert [settings.kl_weight for settings in fitted] == [0, 0]  # the unfitted control of each model alone
    assert first == {path.name: path.read_bytes() for path in tables.glob("*.csv")}
    text = capsys.readouterr().out
    assert max(len(line) for line in text.splitlines() if not line.startswith("written")) <= 100


def test_what_no_trigger_can_stand_before_is_refused_in_one_line(run_folder, monkeypatch, capsys):
    folder = run_folder(
        "data=english_miniature", "train.max_steps=1", "data.num_test=4", "data.max_length=64"
    )
    for arguments, reason in (
        ((folder,), "without a prompt"),
        ((folder, "intervention.rhos=[0.1,0.3]"), "one budget"),
        ((folder, "intervention.prompt_batch=300"), "at most num_prompts"),
    ):
        with pytest.raises(SystemExit) as stopped:
            command(monkeypatch, "eraser", *arguments)
        error = capsys.readouterr().err
        assert stopped.value.code == 2 and reason in error and error.count("strata:") == 1
