"""Predictors over models: simulated ones, and the command on copies of one run."""

import csv
import math
import shutil

import numpy
import pytest
from scipy.stats import rankdata

from src.intervene.causal.predictors import Prediction
from src.intervene.predictors import over_models, study
from src.intervene.predictors.over_models import MIN_MODELS, Witness, agreements, placed
from src.intervene.predictors.tables import rebuild_models
from src.results.publish import publish
from src.results.recompute import recompute
from tests.intervene.conftest import command

NUM_BLOCKS, NAN = 30, math.nan


def witness(rho, partial=0.0, regret=NAN, **summaries):
    ends = (NAN,) * 4
    one = Prediction("cka", "path", rho, *ends, 10.0, partial, regret, NAN, NAN)
    return Witness("made", NUM_BLOCKS, [one], summaries)


def ar1(draw, shape, phi):
    """Stationary series along the last axis."""
    values = draw.normal(size=shape)
    for place in range(1, shape[-1]):
        values[..., place] = phi * values[..., place - 1] + math.sqrt(1 - phi**2) * values[..., place]
    return values


def test_profiles_that_have_nothing_to_do_with_each_other_are_called_related_in_a_twentieth():
    """Six pairs of smooth profiles of 30 blocks: a naive test of one pair errs in 39 %."""
    draw, wrong, trials = numpy.random.default_rng(0), 0, 600
    for _ in range(trials):
        sides = rankdata(ar1(draw, (2, MIN_MODELS, NUM_BLOCKS), 0.9), axis=-1) - (NUM_BLOCKS + 1) / 2
        rhos = (sides[0] * sides[1]).sum(-1) / (sides[0] ** 2).sum(-1)
        (found,) = agreements([witness(rho) for rho in rhos])
        wrong += found.low > 0 or found.high < 0
    assert 0.03 < wrong / trials < 0.08


def test_a_relation_is_told_with_its_interval_and_how_much_models_differ():
    rhos = [0.5, 0.6, 0.7, 0.4, 0.55, 0.65]
    (found,) = agreements([witness(rho, partial=rho, regret=1 - rho) for rho in rhos])
    assert found.rho == pytest.approx(math.tanh(numpy.arctanh(rhos).mean()))
    assert found.low < 0.5 < found.rho < found.high and found.p_holm < 0.001
    assert (found.partial, found.partial_low) == (found.rho, found.low)
    assert found.regret == pytest.approx(1 - numpy.mean(rhos))
    assert found.spread == pytest.approx(numpy.std(rhos, ddof=1))


def test_a_perfect_order_is_finite_and_a_constant_profile_is_no_witness():
    (found,) = agreements([witness(1.0)] * MIN_MODELS + [witness(NAN)])
    assert found.num_models == MIN_MODELS and 0.999 < found.rho < 1
    assert agreements([witness(0.5)] * (MIN_MODELS - 1)) == []
    assert list(placed([witness(0.5, middle_share=0.6)] * (MIN_MODELS - 1))) == []


def test_runs_of_several_models_are_asked_together(run_folder, monkeypatch, capsys, tmp_path):
    """Two, where six are needed, to be quick: one run, and its copy under the name of another model."""
    first = run_folder("train.max_steps=20", "train.learning_rate=0.02", "data.num_probe=8")
    other = first.with_name("other")
    shutil.copytree(first, other)
    config = other / "config.yaml"
    config.write_text(config.read_text().replace("name: tiny_llama", "name: another"))
    asked = ("--items", 6, "intervention.regret=false")
    with pytest.raises(SystemExit):
        command(monkeypatch, "predictors", first, other, *asked)
    assert "given '2 models with objective=causal_lm'; accepted: at least 6" in capsys.readouterr().err
    for module in (over_models, study):
        monkeypatch.setattr(module, "MIN_MODELS", 2)
    command(monkeypatch, "predictors", first, other, *asked)
    tables = {
        path.stem: list(csv.DictReader(path.read_text().splitlines()))
        for path in first.parent.glob("intervene/predictors/*.csv")
    }
    assert [row["model"] for row in tables["models"]] == ["another", "tiny_llama"]
    assert len({row["gain"] for row in tables["models"]}) == 1  # of one run
    found = {(row["predictor"], row["target"]): row for row in tables["predictors"]}
    for target in ("alone", "left_out", "path"):
        own = found["slope_at_base", target]
        assert own["num_models"] == "2" and float(own["spread"]) == pytest.approx(0, abs=1e-9)
    assert {row["name"] for row in tables["summary"]} >= {"middle_share", "path_relative_slope"}
    folder, again = first.parent / "intervene" / "predictors", first.parent / "again"
    again.mkdir()
    rebuild_models(folder, again)
    for path in folder.glob("*.csv"):  # gains, witnesses and places too
        assert (again / path.name).read_text() == path.read_text(), path.name
    assert {path.name for path in again.iterdir()} == {path.name for path in folder.glob("*.csv")}
    assert all(one.holds for one in recompute(folder, None))
    publish(folder, tmp_path / "kept", "as here")
    assert {path.name for path in (tmp_path / "kept").glob("*.csv")} == {
        path.name for path in again.iterdir()
    }
    assert all(one.holds for one in recompute(tmp_path / "kept", None))
