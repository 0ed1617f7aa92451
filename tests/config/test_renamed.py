"""Keys by the name of an earlier version: read everywhere, each told in one line."""

import json
import logging

import pytest
import yaml
from hydra import compose, initialize_config_dir

from src.analysis.find_runs import find_runs
from src.command.compose import CONF, run_config, typed
from src.config import renamed
from src.config.renamed import read_config, rename_keys, rename_overrides
from src.sweep.grid.expand import composer
from src.sweep.grid.spec import read_sweep

OLD = ["train.accumulation=2", "train.clip_norm=null", "model.wiring=parallel", "model.stands_for=gpt2",
       "evaluate.abilities={}"]  # fmt: skip
NEW = ["train.gradient_accumulation_steps=2", "train.max_grad_norm=null", "model.residual=parallel",
       "model.miniature_of=gpt2", "evaluate.retention_tasks={}"]  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_told(monkeypatch):
    monkeypatch.setattr(renamed, "_TOLD", set())


def test_the_command_line_takes_the_old_names_and_says_the_new_ones(caplog):
    with caplog.at_level(logging.WARNING):
        assert run_config(*OLD) == run_config(*NEW)
        run_config(*OLD)
    assert sorted(caplog.messages) == sorted(
        f"{old.split('=')[0]} is called {new.split('=')[0]} now; the old name is read for this version"
        for old, new in zip(OLD, NEW, strict=True)
    )


def test_a_value_by_its_old_name(caplog):
    assert rename_overrides(["model.source=wheel"]) == ["model.source=package"]
    assert caplog.messages[-1].startswith("model.source=wheel is called model.source=package now")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("+train.accumulation=2", "+train.gradient_accumulation_steps=2"),
        ("++train.clip_norm=1", "++train.max_grad_norm=1"),
        ("~evaluate.abilities.gcd", "~evaluate.retention_tasks.gcd"),
        ("evaluate.abilities.gcd.num_test=3", "evaluate.retention_tasks.gcd.num_test=3"),
        ("+data@evaluate.abilities.more=gcd", "+data@evaluate.retention_tasks.more=gcd"),
        ("train.accumulations=2", "train.accumulations=2"),
        ("data.prompt=train.accumulation", "data.prompt=train.accumulation"),
        ("train=paper", "train=paper"),
        ("--help", "--help"),
    ],
)
def test_only_whole_keys_are_renamed(line, expected):
    assert rename_overrides([line]) == [expected]


def test_the_old_name_in_a_file_counts_unless_the_command_line_has_the_new_one():
    composed = {"train": {"accumulation": 4, "gradient_accumulation_steps": 1}}
    assert rename_keys(composed)["train"] == {"gradient_accumulation_steps": 4}
    given = ["train.gradient_accumulation_steps=8"]
    composed["train"]["gradient_accumulation_steps"] = 8
    assert rename_keys(composed, given)["train"] == {"gradient_accumulation_steps": 8}


def test_a_sweep_written_for_an_earlier_version_is_read(tmp_path):
    def configs(accumulation, clip, abilities):
        path = tmp_path / "sweep.yaml"
        path.write_text(
            "defaults:\n  - config\n  - override model: tiny_gpt2\n  - _self_\n"
            f"experiment: s\ntrain: {{{accumulation}: 2}}\nevaluate: {{{abilities}: {{}}}}\n"
            f"sweep:\n  cells:\n    - {{train.{clip}: '0.5,1.0'}}\n"
        )
        sweep = read_sweep(path, [], None)
        with composer(sweep) as composed:
            return [composed.run(cell.overrides) for cell in sweep.cells]

    found = configs("accumulation", "clip_norm", "abilities")
    assert found == configs("gradient_accumulation_steps", "max_grad_norm", "retention_tasks")
    assert [(run.train.gradient_accumulation_steps, run.train.max_grad_norm) for run in found] == [
        (2, 0.5),
        (2, 1),
    ]


def test_what_an_earlier_version_left_is_read_without_a_word(write_run, caplog):
    folder = write_run(0.5, model="tiny_gpt_neox")
    record = json.loads((folder / "run.json").read_text())
    model = record["model"]
    model["wiring"], model["stands_for"] = model.pop("residual"), model.pop("miniature_of")
    (folder / "run.json").write_text(json.dumps(record))
    config = yaml.safe_load((folder / "config.yaml").read_text())
    config["train"] = {"accumulation": 8, "clip_norm": None}
    config["evaluate"] = {"abilities": {"gcd": {"name": "gcd"}}}
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    (run,) = find_runs(folder)
    assert run.config["train.gradient_accumulation_steps"] == 8
    assert run.config["evaluate.retention_tasks.gcd.name"] == "gcd"
    assert run.record["model"]["residual"] == model["wiring"]
    assert run.record["model"]["miniature_of"] == model["stands_for"]
    assert read_config(folder / "config.yaml")["train"]["max_grad_norm"] is None
    assert not caplog.messages


def test_interpolations_survive_a_renaming(make_config):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        composed = compose("config", overrides=["+train.accumulation=${train.batch_size}"])
    assert typed(composed).train.gradient_accumulation_steps == make_config().train.batch_size


@pytest.mark.parametrize("chosen", ["override experiment", "override /experiment", "override preset"])
def test_a_sweep_that_chose_its_preset_as_an_experiment_is_read(tmp_path, chosen):
    path = tmp_path / "sweep.yaml"
    path.write_text(f"defaults:\n  - config\n  - {chosen}: quickstart\n  - _self_\n")
    sweep = read_sweep(path, [], None)
    with composer(sweep) as composed:
        found = composed.run(())
    assert found == run_config("preset=quickstart")
