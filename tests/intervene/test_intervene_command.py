"""The command on a finished run of a tiny model."""

import csv
import shutil
from dataclasses import fields

import pytest

from src.command.compose import run_config
from src.config.intervention import KINDS, InterventionConfig
from src.config.keys import hashed_keys
from src.pipeline.analyses import ANALYSES
from src.pipeline.pipeline import Pipeline
from src.results.recompute import recompute
from tests.intervene.conftest import command


def test_the_profile_of_a_run(run_folder, monkeypatch, capsys):
    folder = run_folder("train.max_steps=20", "train.learning_rate=0.02")
    command(monkeypatch, folder)
    text = capsys.readouterr().out
    lines = [line for line in text.splitlines() if not line.startswith("written")]
    assert max(map(len, lines)) <= 100
    assert (folder / "intervene" / "logp.png").stat().st_size > 10_000
    rows = list(csv.DictReader((folder / "intervene" / "profile.csv").read_text().splitlines()))
    value = {(row["kind"], row["player"]): float(row["value"]) for row in rows}
    shares = [number for (kind, _), number in value.items() if kind == "shapley"]
    assert sum(shares) == pytest.approx(value["gain", "all"], abs=1e-6)
    assert len(shares) == 5
    assert value["below", "block 0"] == 0
    assert value["above", "block 0"] == pytest.approx(value["gain", "all"])
    assert value["interaction", "block 0"] == pytest.approx(0, abs=1e-9)


def test_a_dry_run_says_what_it_would_cost_and_leaves_nothing(run_folder, monkeypatch, capsys):
    folder = run_folder("train.max_steps=1")
    command(monkeypatch, folder, "--dry-run")
    text = " ".join(capsys.readouterr().out.split())
    assert "passes" in text and "minutes" in text and "states" in text
    assert not (folder / "intervene").exists()


def test_a_run_that_gained_nothing_has_no_profile(run_folder, monkeypatch, capsys):
    folder = run_folder("train.max_steps=1", "train.learning_rate=1e-9")
    with pytest.raises(SystemExit) as stopped:
        command(monkeypatch, folder)
    assert stopped.value.code == 2
    assert "no profile" in capsys.readouterr().err
    assert not (folder / "intervene" / "profile.csv").exists()


def test_what_is_no_tuned_run_is_refused_in_one_line(run_folder, monkeypatch, capsys, tmp_path):
    for folder, reason in ((tmp_path, "finished run"), (run_folder("method=frozen"), "trained nothing")):
        with pytest.raises(SystemExit) as stopped:
            command(monkeypatch, folder)
        assert stopped.value.code == 2
        assert reason in (error := capsys.readouterr().err) and error.count("\n") == 1


def test_seeds_of_one_arm_are_told_together_with_controls_and_forgetting(run_folder, monkeypatch, capsys):
    hard = ("train.max_steps=20", "train.learning_rate=0.02")
    folders = [run_folder(*hard)]
    folders.append(folders[0].with_name("again"))
    shutil.copytree(*folders)
    more = ("intervention.regret=true", "intervention.scores=[logp,exact]")
    told = ("--passages", 6, "--passage-tokens", 24, *more)
    command(monkeypatch, *folders, "--controls", *told, "--against", *folders)
    text = capsys.readouterr().out
    out = folders[0].parent / "intervene"
    rows = list(csv.DictReader((out / "profile.csv").read_text().splitlines()))
    assert {row["num_seeds"] for row in rows} == {"2"}
    assert {"noise", "permuted", "wrong_block", "other_seed", "equal_norm", "amplified"} <= {
        row["kind"] for row in rows
    }
    assert ("english" in {row["score"] for row in rows}) != ("no profile of english" in text)
    assert (out / "summary.csv").read_text().startswith("score,name,value,low,high")
    assert text.count("the parts") >= 2
    against = list(csv.DictReader((out / "against.csv").read_text().splitlines()))
    assert against and all(float(row["value"]) == 0 for row in against)  # the arm itself
    chosen = {row["player"] for row in rows if row["kind"] == "chosen"}
    assert chosen >= {"random", "best by alone", "slope_at_base", "weight_change", "fisher of the update"}
    assert ("exact" in {row["score"] for row in rows}) != ("no profile of exact" in text)


def test_segments_alone_need_no_gradients_and_have_the_same_shares(run_folder, monkeypatch, capsys):
    folder = run_folder("train.max_steps=20", "train.learning_rate=0.02")
    gradients, shares = [], []
    for players in ("segments", "blocks"):
        command(monkeypatch, folder, f"intervention.players={players}")
        gradients.append("forward and backward" in " ".join(capsys.readouterr().out.split()))
        rows = csv.DictReader((folder / "intervene" / "profile.csv").read_text().splitlines())
        shares.append([float(row["value"]) for row in rows if row["kind"] == "shapley"])
    assert gradients == [False, True]
    assert shares[0] == pytest.approx(shares[1], abs=1e-6)


def test_as_a_stage_it_leaves_its_tables_and_changes_no_id(run_folder, make_config):
    hard = ("train.max_steps=20", "train.learning_rate=0.02")
    asked = ("intervention=causal", "intervention.num_items=8")
    folder = run_folder(*hard, *asked)
    (gain, *_) = csv.DictReader((folder / "intervene" / "profile.csv").read_text().splitlines())
    assert (gain["kind"], gain["num_items"]) == ("gain", "8")
    shape = ("debug=smoke", "metrics=none", "evaluate=none", "record=none", "model.num_blocks=5")
    plain = make_config(*shape, "model.width=32", "data.num_test=12", *hard)
    assert Pipeline(plain).id == folder.name


def test_a_stage_without_a_gain_ends_no_run(run_folder, caplog):
    folder = run_folder("train.max_steps=1", "train.learning_rate=1e-9", "intervention=causal")
    assert "no profile" in caplog.text
    assert (folder / "run.json").is_file() and not (folder / "intervene" / "profile.csv").exists()


def test_every_analysis_has_its_name_and_its_file_and_no_key_of_one_enters_an_id():
    assert {*ANALYSES, "none"} == set(KINDS)
    assert [run_config(f"intervention={name}").intervention.kind for name in ANALYSES] == list(ANALYSES)
    assert hashed_keys(InterventionConfig()) == {}
    assert not any(one.metadata["hashed"] for one in fields(InterventionConfig))


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["none", "runs/a/b"], "analysis: given 'none'; accepted: causal"),
        (["causal"], "runs: given 'none'; accepted: folders of finished runs"),
        (["causal", "runs/a/b", "intervention.num_item=3"], "did you mean num_items?"),
        (["runs/a/b", "--items", "1"], "intervention.num_items: given 1; accepted: a number of at least 2"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_anything_is_loaded(arguments, line, monkeypatch, capsys):
    with pytest.raises(SystemExit) as stopped:
        command(monkeypatch, *arguments)
    assert stopped.value.code == 2
    assert line in (error := capsys.readouterr().err) and error.count("\n") == 1


def assert_rebuilt(folder):
    """Every table of an analysis is that of what it kept."""
    found = {one.name: one.state for one in recompute(folder, None)}
    assert found and set(found.values()) == {"the same, bit for bit"}


def test_segments_of_a_run_are_swapped_and_merged_soundly_and_as_published(run_folder, monkeypatch, capsys):
    folder = run_folder("train.max_steps=20", "train.learning_rate=0.02", "data.num_probe=8")
    asked = ("--items", 6, "--passages", 3, "--passage-tokens", 16, "intervention.num_segments=3")
    for name in ("swap", "merge"):
        command(monkeypatch, name, folder, *asked)
        command(monkeypatch, f"{name}_published", folder, "--items", 4, "--passages", 0)
    assert "uniform share of equal gain" in capsys.readouterr().out
    texts = {path.stem: path.read_text().splitlines() for path in (folder / "intervene").glob("*/*.csv")}
    tables = {
        name: list(csv.DictReader(texts[name]))
        for name in ("swap", "swap_paper", "merge", "merge_paper", "merge_frontier")
    }
    value = {(row["score"], row["kind"], row["player"]): float(row["value"]) for row in tables["merge"]}
    gain = value["logp", "uniform", "1"]
    assert value["logp", "uniform", "0"] == 0 != gain
    swaps = {(row["score"], row["kind"], row["player"]): float(row["value"]) for row in tables["swap"]}
    assert swaps["logp", "gain", "all"] == gain
    assert {row["num_items"] for row in tables["swap"] if row["score"] == "exact"} == {"6"}
    segments = ("blocks 0-0", "blocks 1-2", "blocks 3-4")
    for segment in segments:  # alone at its whole share is the segment put into the base
        alone = value["logp", "curve, others base", f"{segment} at 1"]
        assert swaps["logp", "tuned into base, own head", segment] == pytest.approx(alone, abs=1e-6)
    ends = {row["plan"] + row["share"]: float(row["gained"]) for row in tables["merge_frontier"]}
    assert ends["uniform1.0"] == pytest.approx(gain)
    paper = {row["variant"]: row["perplexity_paper"] for row in tables["swap_paper"]}
    assert paper["base"] == paper["no swap"]
    merged = {row["variant"]: row["perplexity_paper"] for row in tables["merge_paper"]}
    assert (merged["base"], merged["tuned"]) == (paper["base"], paper["tuned"])
    assert (folder / "intervene" / "merge" / "sound" / "english" / "items.npz").is_file()
    for name in ("swap", "merge"):
        assert_rebuilt(folder / "intervene" / name)
