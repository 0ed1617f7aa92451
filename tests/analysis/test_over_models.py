"""One contrast over several models, and intervals that stay within their bounds."""

import json

import numpy
import pytest

from src.analysis.answers import Answers, mean_of
from src.analysis.experiment import read_study
from src.analysis.find_runs import find_runs
from src.analysis.material import Material
from src.analysis.measures.layers import _ends
from src.analysis.over_models import model_rows
from src.bench.made_runs import MadeStudy, make_runs
from src.statistics.random_effects import summarise_models

MODELS = ("gpt2", "opt_125m", "pythia_160m")


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    """Two bands on three models, two seeds each."""
    folder = tmp_path_factory.mktemp("runs") / "made"
    for index, model in enumerate(MODELS):
        place, effects = folder / model, {"01110": index / 10}
        make_runs(
            place, MadeStudy(("whole", "01110"), ("fixed_alpha",), (0, 1), effects, tasks={"heldout": 50})
        )
        for run in find_runs(place):
            record = run.record | {"choices": run.record["choices"] | {"model": model}}
            (run.folder / "run.json").write_text(json.dumps(record))
            text = (run.folder / "config.yaml").read_text()
            (run.folder / "config.yaml").write_text(text.replace("name: smollm2_135m", f"name: {model}"))
    return Material(read_study(folder))


def test_three_models_are_summarised_and_their_contrasts_are_the_parts(material):
    (found,) = material.contrasts.values()
    parts = [one.estimate for one in found if one.arm is not None]
    assert len(parts) == 3
    (row,) = model_rows(material)
    expected = summarise_models(parts)
    assert (row["value"], row["ci_low"], row["tau2"]) == (expected.value, expected.low, expected.tau2)
    assert (row["band"], row["num_models"]) == ("01110", 3)


def test_a_share_of_right_answers_stays_within_its_bounds():
    ids = tuple(map(str, range(20)))
    items = numpy.zeros((3, 20))
    items[0, :2] = items[1, 2] = 1
    answers = {seed: Answers(one.mean(), None, 20, ids, one) for seed, one in enumerate(items)}
    found = mean_of(answers)
    low, high = found.interval()
    assert found.value == pytest.approx(0.05) and 0 < low < 0.05 < high < 1
    losses = {seed: Answers(one.mean(), None, 20, ids, one * 0.5) for seed, one in enumerate(items)}
    assert mean_of(losses).interval()[0] < 0  # of a loss nothing is known but its mean


def test_the_mean_of_correlations_stays_within_its_bounds():
    low, high = _ends([-0.999, -0.5, -0.9], [20.0] * 3)
    assert -1 < low < -0.9 < high < 1
    alone = _ends([-0.79], [6.0])
    assert -1 < alone[0] < -0.79 < 0 < alone[1]  # six layers' worth know little
