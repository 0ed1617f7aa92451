"""Patching, steering and the lens on finished runs of tiny models, by the command and as a stage."""

import csv
import json

import pytest

from src.command.compose import run_config
from src.errors import ConfigError
from src.pipeline.pipeline import Pipeline
from src.results.recompute import recompute
from tests.intervene.test_intervene_command import command


def table(folder, name):
    return list(csv.DictReader((folder / name).read_text().splitlines()))


@pytest.fixture(scope="module")
def folder(make_config, tmp_path_factory):
    """One run, steered as its last stage, that every test asks more."""
    place = tmp_path_factory.mktemp("vectors")
    config = make_config(
        "debug=smoke", "metrics=none", "evaluate=none", "record=none", "model.num_blocks=5", "model.width=32",
        "data.num_test=12", "train.max_steps=20", "train.learning_rate=0.02", "train.checkpoint_steps=null",
        f"paths.runs_dir={place}/runs", f"paths.cache_dir={place}/cache", "intervention=steer", "intervention.num_pushed_blocks=1",
        "intervention.num_random=1", "intervention.ranks=[2]",
    )  # fmt: skip
    pipeline = Pipeline(config)
    pipeline.walk()
    return pipeline.folder.path


def test_as_a_stage(folder):
    names = {row["player"] for row in table(folder / "intervene" / "steer", "quantities.csv")}
    assert {"block 4, rank 2", "block 4, rank all"} < names


def test_patching_a_run(folder, monkeypatch, capsys):
    asked = ("intervention.alphas=[0.5,1]", "intervention.num_random=3")
    command(monkeypatch, "patch", folder, *asked)
    text = " ".join(capsys.readouterr().out.split())
    assert "of 3 random directions" in text and "Stated before" in text
    out = folder / "intervene" / "patch"
    rows = {(row["score"], row["kind"], row["player"]): row for row in table(out, "quantities.csv")}
    assert {f"block {b}, alpha 1" for b in range(5)} < {key[2] for key in rows}
    assert len([key for key in rows if key[:2] == ("logp", "random")]) == 3
    shares = {row["name"]: row for row in table(out, "summary.csv")}
    gain = float(rows["logp", "gain", "all"]["value"])
    for alpha in ("0.5", "1"):
        name = f"block 2, alpha {alpha}"
        change = float(rows["logp", "patched", name]["value"])
        assert float(shares[f"patched: {name}"]["value"]) == pytest.approx(change / gain)
    assert json.loads((out / "about.json").read_text())["form"] == "sound"
    assert {one.state for one in recompute(out, None)} == {"the same, bit for bit"}
    assert (out / "patch.html").is_file() and (out / "by_block.png").stat().st_size > 10_000


def test_steering_a_run_with_all_directions_is_patching_it(folder, monkeypatch, capsys):
    asked = ("intervention.num_random=2", "intervention.num_pushed_blocks=2")
    command(monkeypatch, "patch", folder, "intervention.alphas=[1]", *asked)
    command(monkeypatch, "steer", folder, "intervention.ranks=[1,8]", *asked)
    assert "account by few directions" in " ".join(capsys.readouterr().out.split())
    changes = {}
    for name in ("patch", "steer"):
        for row in table(folder / "intervene" / name, "quantities.csv"):
            changes[row["score"], row["kind"], row["player"]] = float(row["value"])
    for block in (1, 4):
        assert changes["logp", "fixed", f"block {block}, rank all"] == pytest.approx(
            changes["logp", "patched", f"block {block}, alpha 1"], abs=1e-5
        )
    tuned = changes["logp", "gain", "all"]  # at the last block each place's own difference is the tuned trunk
    assert changes["logp", "oracle", "block 4, rank all"] == pytest.approx(tuned, abs=1e-4)
    again = {one.name: one.holds for one in recompute(folder / "intervene" / "steer", None)}
    assert again == {"quantities.csv": True, "summary.csv": True, "energy.csv": False}  # of states, not items
    energy = table(folder / "intervene" / "steer", "energy.csv")
    assert [row["rank"] for row in energy] == ["1", "8"] * 2
    assert 0 < float(energy[0]["share"]) < float(energy[1]["share"]) <= 1


def test_the_published_forms_of_a_run(folder, monkeypatch, capsys):
    command(monkeypatch, "patch", folder, "intervention.form=published")
    assert "The published form, alpha -0.1, brings" in " ".join(capsys.readouterr().out.split())
    assert len(table(folder / "intervene" / "patch_published", "summary.csv")) == 4
    with pytest.raises(SystemExit):
        command(monkeypatch, "steer", folder, "intervention.form=published")
    assert "given published for 5 blocks; accepted: a model of at least 11" in capsys.readouterr().err


def test_the_lens_of_a_run(folder, monkeypatch, capsys):
    command(monkeypatch, "lens", folder, "--items", 8, "intervention.num_examples=2")
    text = " ".join(capsys.readouterr().out.split())
    assert text.count("Stated before") >= 2
    out = folder / "intervene" / "lens"
    rows = {
        (row["metric"], row["side"], int(row["layer"])): float(row["value"])
        for row in table(out, "profile.csv")
    }
    for layer in range(6):
        change = rows["lens_answer_logp", "tuned", layer] - rows["lens_answer_logp", "base", layer]
        assert rows["lens_answer_logp", "change", layer] == pytest.approx(change, abs=1e-5)
    assert rows["lens_pair_agreement", "change", 0] == 1  # nothing was tuned below
    examples = table(out, "examples.csv")
    assert len(examples) == 2 * 2 * 6
    assert all(0 < float(row["probability"]) <= 1 for row in examples)
    assert not list(out.glob("lens-*"))
    assert {one.state for one in recompute(out, None)} == {"the same, bit for bit"}


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("alphas=[0]", "alphas: given [0.0]; accepted: different numbers other than 0"),
        ("ranks=[2,2]", "ranks: given [2, 2]; accepted: different whole numbers of at least 1"),
        ("form=paper", "form: given 'paper'; accepted: sound, published"),
        ("positions=first", "positions: given 'first'; accepted: completion, prompt, all"),
    ],
)
def test_settings_that_cannot_be_are_refused(key, line):
    with pytest.raises(ConfigError) as error:
        run_config("intervention=patch", f"intervention.{key}")
    assert str(error.value).startswith(f"intervention.{line}")
