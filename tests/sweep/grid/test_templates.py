"""What was composed once is not composed again, and never stands for files that have changed."""

import json
import shutil
from dataclasses import asdict

import pytest

from src.command.compose import CONF
from src.sweep.grid import templates
from src.sweep.grid.expand import Composer
from src.sweep.grid.planned_runs import make_plan
from src.sweep.grid.spec import read_sweep

STUDY = CONF.parent / "sweeps" / "depth_profile_equal_step_miniature.yaml"


@pytest.fixture
def plan(monkeypatch, tmp_path):
    """Expand a sweep with a cache of the test's own: its runs, and how often Hydra composed."""
    monkeypatch.chdir(tmp_path)
    composed, asked = Composer.composed, []

    def counted(self, *arguments, **values):
        asked.append(arguments)
        return composed(self, *arguments, **values)

    monkeypatch.setattr(Composer, "composed", counted)

    def expand(path=STUDY, *overrides):
        asked.clear()
        runs = make_plan(read_sweep(path, list(overrides), None)).runs
        return [(run.id, asdict(run.config), run.line) for run in runs], len(asked)

    return expand


def kept(tmp_path):
    return list(tmp_path.glob(".cache/strata/templates/*.json"))


def test_the_second_expansion_gives_the_same_runs_and_composes_no_cell(plan, tmp_path):
    first, composed = plan()
    assert len(first) == 50 and composed >= 10
    assert len(kept(tmp_path)) == 1
    again, composed = plan()
    assert again == first
    assert composed == 2  # the base, and the launcher
    changed, _ = plan(STUDY, "train.learning_rate=3e-4")
    assert {config["train"]["learning_rate"] for _, config, _ in changed} == {3e-4}


@pytest.mark.parametrize("text", ["", "[", '[[["model=x"], 3]]', "{}"])
def test_what_cannot_be_read_is_composed_anew(plan, tmp_path, text):
    first, composed = plan()
    (path,) = kept(tmp_path)
    path.write_text(text)
    assert plan() == (first, composed)
    assert json.loads(path.read_text())


def test_a_sweep_elsewhere_is_not_remembered(plan, tmp_path):
    path = shutil.copy(STUDY, tmp_path / "mine.yaml")
    _, composed = plan(path)
    assert plan(path)[1] == composed >= 10
    assert not kept(tmp_path)


def test_changed_files_find_nothing_that_was_kept(monkeypatch, tmp_path):
    for name in ("conf", "sweeps"):
        shutil.copytree(CONF.parent / name, tmp_path / name, ignore=shutil.ignore_patterns("results"))
    monkeypatch.setattr(templates, "CONF", tmp_path / "conf")
    monkeypatch.setattr(templates, "SWEEPS", tmp_path / "sweeps")

    def place():
        path = tmp_path / "sweeps" / STUDY.name
        return templates.kept_templates(read_sweep(path, [], None), tmp_path / "cache")

    before = place()
    assert place() == before
    preset = tmp_path / "conf" / "model" / "twin_gpt2.yaml"
    preset.write_text(preset.read_text() + "\n# changed\n")
    assert place() not in (None, before)
