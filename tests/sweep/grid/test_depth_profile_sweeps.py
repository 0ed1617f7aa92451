"""The study's sweeps: the published totals, one split into cells, and only objectives that a model can have."""

import functools
from collections import Counter
from pathlib import Path

import pytest

from src.sweep.grid.planned_runs import make_plan
from src.sweep.grid.spec import read_sweep

SWEEPS = Path(__file__).resolve().parents[3] / "sweeps"


@pytest.fixture(scope="module")
def runs_of(tmp_path_factory):
    """The runs of a sweep, expanded once."""
    tmp_path = tmp_path_factory.mktemp("sweeps")

    @functools.cache
    def runs(name):
        overrides = [f"paths.runs_dir={tmp_path}/runs", f"paths.cache_dir={tmp_path}/cache"]
        return make_plan(read_sweep(SWEEPS / f"{name}.yaml", overrides, None), only_list=True).runs

    return runs


def cells(runs, key=lambda model: model.name):
    return Counter((key(run.config.model), run.config.objective.name) for run in runs)


@pytest.mark.parametrize(("name", "total", "num_cells"), [("standard", 190, 38), ("equal_step", 50, 10)])
def test_published_totals_over_five_seeds(runs_of, name, total, num_cells):
    real, twins = runs_of(f"depth_profile_{name}"), runs_of(f"depth_profile_{name}_miniature")
    assert len(real) == len(twins) == total
    assert set(cells(real).values()) == {5}
    assert len(cells(real)) == num_cells
    assert cells(real) == cells(twins, lambda model: model.miniature_of)
    assert {run.config.seed for run in real} == set(range(5))
    assert {run.config.control.kind for run in real} == {"none" if name == "standard" else "equal_step"}
    for run in [*real, *twins]:
        model, objective = run.config.model, run.config.objective.name
        assert (objective == "masked_lm") <= (model.kind == "encoder")
        assert (objective == "causal_lm") <= (model.kind != "encoder")
        assert (objective == "simcse") <= (model.kind in ("encoder", "decoder"))
        assert run.config.data.num_probe == 290
        assert run.config.method.kind == "full"
    for runs in (real, twins):
        epochs = {run.config.model.kind == "encoder": run.config.train.epochs for run in runs}
        assert name == "equal_step" or epochs[True] > epochs[False]


def test_the_15_models_are_all_there(runs_of):
    assert len({run.config.model.name for run in runs_of("depth_profile_standard")}) == 15


def test_real_weights_with_and_without_the_control(runs_of):
    runs = runs_of("depth_profile_real_weights")
    assert len(runs) == 4 * 2 * 5
    assert {run.config.model.source for run in runs} == {"package"}
