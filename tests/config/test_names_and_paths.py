"""One rule for every name that becomes a part of a path, and the home folder in every path."""

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

from src.command.compose import CONF, run_config, typed
from src.config.rules import check_name
from src.config.schema import PairConfig
from src.errors import ConfigError
from src.sweep.grid.planned_runs import make_plan
from src.sweep.grid.spec import read_sweep

BAD = ["../../elsewhere", "my/data", "..", ".hidden", "a..b", "-first", "two words", "", "n" * 101, "名" * 80]
KEYS = ["experiment", "model.name", "data.name", "method.name"]


@pytest.mark.parametrize("name", BAD)
def test_a_name_that_leaves_its_folder_or_is_too_long_is_refused_in_one_line(name):
    with pytest.raises(ConfigError, match=r"experiment: given .*; accepted: letters, digits") as refused:
        check_name("experiment", name)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 250


@pytest.mark.parametrize("name", ["study-2", "v1.0_b", "Ergebnis_größer", "研究", "2x", "n" * 100])
def test_a_plain_name_is_taken(name):
    check_name("experiment", name)


@pytest.mark.parametrize("key", KEYS)
def test_every_name_that_becomes_a_path_follows_the_rule(key):
    with pytest.raises(ConfigError, match=rf"^{key}: given '../x'"):
        run_config(f"{key}='../x'")


def test_names_that_are_too_long_together_are_refused():
    with pytest.raises(ConfigError, match=r"method\.name, model\.name and data\.name: given"):
        run_config(*(f"{group}.name={'n' * 90}" for group in ("method", "model", "data")))


def test_the_names_of_a_comparison_too():
    with initialize_config_dir(str(CONF), version_base="1.3"):
        composed = compose("probe", overrides=["base=a", "tuned=b", "metrics.name='a/b'"])
    with pytest.raises(ConfigError, match=r"metrics\.name: given 'a/b'"):
        typed(composed, PairConfig)


def test_the_home_folder_is_expanded_in_every_path(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    found = run_config(
        "paths.runs_dir='~/runs'", "paths.cache_dir='~/cache'", "data=gsm8k", "data.path='~/a.jsonl'",
        "data.test_path='~/b.jsonl'", "control=match_profile", "control.source='~/runs/x/y'",
    )  # fmt: skip
    paths = [found.paths.runs_dir, found.paths.cache_dir, found.data.path, found.data.test_path]
    assert paths == [str(tmp_path / name) for name in ("runs", "cache", "a.jsonl", "b.jsonl")]
    assert found.control.source == str(tmp_path / "runs/x/y")


@pytest.mark.parametrize("command", ["config", "probe"])
def test_the_folder_of_a_multirun_lies_below_the_home_folder(monkeypatch, tmp_path, command):
    monkeypatch.setenv("HOME", str(tmp_path))
    with initialize_config_dir(str(CONF), version_base="1.3"):
        found = compose(command, overrides=["paths.runs_dir='~/runs'"], return_hydra_config=True)
    assert Path(found.hydra.sweep.dir).parent == tmp_path / "runs" / ".multirun"


def written(path, text):
    path.write_text(f"defaults:\n  - config\n  - override debug: smoke\n  - _self_\nexperiment: s\n{text}\n")
    return path


def test_a_sweep_expands_the_home_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    text = "paths: {runs_dir: '~/runs', cache_dir: '~/cache'}"
    plan = make_plan(read_sweep(written(tmp_path / "s.yaml", text), [], None))
    assert plan.folder == tmp_path / "runs" / "s" / ".sweep" / "s"
    assert {run.folder.parent for run in plan.runs} == {tmp_path / "runs" / "s"}
    assert not Path("~").exists()


@pytest.mark.parametrize("text", ["hydra: {sweeper: {params: {band: [10000, 01110]}}}",
                                  "sweep: {cells: [{band: 01110}]}", "sweep: {cells: [{band: 1}]}"])  # fmt: skip
def test_a_pattern_that_yaml_read_as_another_number_is_to_be_quoted(tmp_path, text):
    with pytest.raises(ConfigError, match="band: given .* quote a pattern, '01110'"):
        read_sweep(written(tmp_path / "s.yaml", text), [], None)


def test_patterns_that_can_be_read_are(tmp_path):
    text = "hydra: {sweeper: {params: {band: [10000, '01110', mid]}}}"
    sweep = read_sweep(written(tmp_path / "s.yaml", text), [], None)
    assert [cell.overrides for cell in sweep.cells] == [("band='10000'",), ("band='01110'",), ("band=mid",)]
