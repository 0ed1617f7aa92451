"""One rule for every name that becomes a part of a path, and the home folder in every path."""

import copy
import functools
import re
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from src.command.compose import CONF, model_named, read_overrides, run_config, typed
from src.command.program import path_of
from src.config.key_table import keys_of
from src.config.keys import PATH
from src.config.pair import PairConfig
from src.config.places import check_name, placed
from src.config.schema import RunConfig
from src.errors import ConfigError
from src.model.hub import is_local, local_folder
from src.sweep.grid.planned_runs import make_plan
from src.sweep.grid.spec import read_sweep

BAD = ["../../elsewhere", "my/data", "..", ".hidden", "a..b", "-first", "two words", "", "n" * 101, "名" * 80]


@pytest.mark.parametrize("name", BAD)
def test_a_name_that_leaves_its_folder_or_is_too_long_is_refused_in_one_line(name):
    with pytest.raises(ConfigError, match=r"experiment: given .*; accepted: letters, digits") as refused:
        check_name("experiment", name)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 250


@pytest.mark.parametrize("name", ["study-2", "v1.0_b", "Ergebnis_größer", "研究", "2x", "n" * 100])
def test_a_plain_name_is_taken(name):
    check_name("experiment", name)


def test_names_that_are_too_long_together_are_refused():
    with pytest.raises(ConfigError, match=r"method\.name, model\.name and data\.name: given"):
        run_config(*(f"{group}.name={'n' * 90}" for group in ("method", "model", "data")))


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


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("hydra: {sweeper: {params: {seed: [0, 010]}}}", "seed: given '010'; .* or 8 as"),
        ("sweep: {cells: [{data.num_train: 1_000}]}", "num_train: given '1_000'; .* or 1000 as"),
        ("method: {rank: 1:30}", "rank: given '1:30'; .* or 90 as"),
        ("model: {name: 1.10}", "name: given '1.10'; accepted: '1.10' in quotes, or 1.1 as"),
        ("sweep: {cells: [{experiment: no}]}", "experiment: given 'no'; .* or False as"),
    ],
)
def test_what_yaml_reads_as_another_value_is_refused_with_its_line(tmp_path, text, told):
    with pytest.raises(ConfigError, match=rf"s.yaml line 6: {told} YAML reads it"):
        read_sweep(written(tmp_path / "s.yaml", text), [], None)


def test_what_yaml_reads_as_it_is_written_is_taken(tmp_path):
    text = (
        "model: {name: '1.10'}\ndata: {name: 12}\ntrain: {learning_rate: 1e-3}\nwhy: {experiment: 2024-05-01}"
    )
    assert read_sweep(written(tmp_path / "s.yaml", text), [], None).base["model"] == {"name": "1.10"}


PLACES = {RunConfig: dict(placed(RunConfig)), PairConfig: dict(placed(PairConfig))}
GIVEN = {
    RunConfig: [
        "model=hf",
        "model.id=some/model",
        "control=match_profile",
        "control.source=runs/x/y",
        "data=chat",
        "data.test_path=other.jsonl",
    ],
    PairConfig: ["base=one", "tuned=other", "data=chat", "data.test_path=other.jsonl"],
}
EVERY = [
    pytest.param(schema, key, place, id=f"{schema.__name__}-{key}")
    for schema, places in PLACES.items()
    for key, place in places.items()
]
ODD = ["~/a", "a@b", "a/../b", "two words", "größe", "研究", "a=b", "true", "1e3", "10", 'a"b', "a'b", "a[1]",
       "{a}", "(a)", "a#b", "a:b", "a\\b", "a\\", "a\\'", "~", "+a", "-a", "a$b", "é/" * 90]  # fmt: skip


@functools.cache
def composed(schema, *more):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        name = "config" if schema is RunConfig else "probe"
        return compose(name, read_overrides([*GIVEN[schema], "data.path=rows.jsonl", *more]))


def arrived(schema, key, value):
    """What a key holds that was given a value, judged as a command does."""
    values = copy.deepcopy(composed(schema))
    OmegaConf.update(values, key, value)
    return functools.reduce(getattr, key.split("."), typed(values, schema))


def test_what_a_docstring_calls_a_file_or_a_folder_is_declared_a_place():
    """A new key that leads to a file cannot be forgotten here, as long as it says so."""
    others = {
        "model.name", "model.variants", "method.name", "objective.name", "control.name", "band.name", "data.name",
        "train.name", "metrics.name", "evaluate.name", "intervention.name", "record.mode", "fidelity",
        "data.form", "model.kind", "control.profile", "model.source", "method.kind",
    }  # fmt: skip
    for schema, places in PLACES.items():
        said = {key.path for key in keys_of(schema, {}) if re.search(r"\b(file|folder)\b", key.meaning, re.I)}
        assert said - places.keys() <= others


@pytest.mark.parametrize("key", sorted({key for places in PLACES.values() for key in places}))
def test_what_a_person_types_for_a_place_is_what_arrives(key):
    parser = OverridesParser.create()
    for odd in [*ODD, *BAD[:-1]]:
        (line,) = read_overrides([f"{key}={odd}"])
        assert (parser.parse_override(line).value() or "") == odd


@pytest.mark.parametrize("schema", PLACES)
def test_odd_letters_come_through_composing_to_every_path(schema, monkeypatch):
    monkeypatch.setenv("HOME", "/home/of/someone")
    keys = [key for key, place in PLACES[schema].items() if place == PATH]
    found = typed(composed(schema, *(f"{key}=~/größe (1)/a'b=c@d/{key}" for key in keys)), schema)
    for key in keys:
        assert functools.reduce(getattr, key.split("."), found) == f"/home/of/someone/größe (1)/a'b=c@d/{key}"


def test_variables_of_the_environment_are_read_as_a_shell_reads_them(monkeypatch, tmp_path):
    monkeypatch.setenv("SCRATCH", str(tmp_path))
    assert arrived(RunConfig, "paths.runs_dir", "$SCRATCH/runs") == f"{tmp_path}/runs"
    assert path_of("${SCRATCH}/x") == tmp_path / "x"
    assert model_named("$SCRATCH/m", "float32").resolved_id == str(tmp_path / "m")
    assert is_local("$SCRATCH/m") and local_folder("$SCRATCH/m", None) == tmp_path / "m"
    monkeypatch.chdir(tmp_path)
    Path("$SCRATCH").mkdir()  # whoever has such a folder means it
    assert arrived(RunConfig, "paths.runs_dir", "$SCRATCH") == "$SCRATCH"


@pytest.mark.parametrize(("schema", "key", "place"), EVERY)
def test_a_place_that_cannot_be_is_refused_by_name(schema, key, place):
    accepted = "a path, of parts" if place == PATH else "letters, digits"
    for odd in ["x" * 256, ""] if place == PATH else ["x" * 101, "a@b", "~/a", "../x"]:
        with pytest.raises(ConfigError, match=rf"^{key}: given .*; accepted: {accepted}"):
            arrived(schema, key, odd)
    assert arrived(schema, key, "研究") == "研究"


def test_a_comma_separates_but_in_what_is_there(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a,b").mkdir()
    assert read_overrides(["data.path=a,b", "data.path=a,c"]) == ["data.path='a,b'", "data.path='a','c'"]


def test_several_paths_of_a_multirun_are_quoted_each():
    assert read_overrides(["data.path=ä.jsonl,b c.jsonl", "+paths.runs_dir=ü", "model.id='a b'"]) == [
        "data.path='ä.jsonl','b c.jsonl'", "+paths.runs_dir='ü'", "model.id='a b'",
    ]  # fmt: skip


def test_a_folder_is_a_folder_whatever_signs_are_in_its_name(tmp_path):
    (tmp_path / "a@b").mkdir()
    found = model_named(str(tmp_path / "a@b"), "float32")
    assert (found.id, found.revision) == (str(tmp_path / "a@b"), None)
    assert model_named("some/model@v2", "float32").revision == "v2"
