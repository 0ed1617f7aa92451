import numpy
import pytest
from statsmodels.formula.api import ols

from src.report.depth.crossing import Mean, cross, survives


@pytest.fixture
def scores(made_up):
    rng = numpy.random.default_rng(0)
    hard = rng.normal(0, 0.1, 5)  # what all runs of a seed share

    def score(method, control, seed):
        gain = 0.10 if control == "none" else 0.02
        return 0.4 + hard[seed] + gain * (method == "midblock") + rng.normal(0, 0.005)

    return made_up(score, method=["lora", "midblock"], control=["none", "equal_step"], seed=range(5)).assign(
        task="t"
    )


def test_the_change_is_the_interaction_of_a_linear_model_with_seeds(scores):
    found = cross(scores, ["task"], "method", "midblock", "lora").set_index("advantage")
    fit = ols("value ~ C(method) * C(control) + C(seed)", scores).fit()
    # Coding: equal_step and lora are the reference levels.
    (interaction,) = [value for name, value in fit.params.items() if ":" in name]
    assert found.loc["change", "mean"] == pytest.approx(interaction)
    assert found.loc["standard", "mean"] == pytest.approx(0.10, abs=0.02)
    assert found.loc["equal_step", "mean"] == pytest.approx(0.02, abs=0.02)
    assert found["n"].tolist() == [5, 5, 5]


def test_a_seed_without_all_four_cells_enters_none_of_the_rows(scores):
    some = scores[~((scores["seed"] == 4) & (scores["control"] == "none") & (scores["method"] == "lora"))]
    assert cross(some, ["task"], "method", "midblock", "lora")["n"].tolist() == [4, 4, 4]


@pytest.mark.parametrize(
    ("standard", "equal_step", "change", "verdict"),
    [
        ((0.1, 0.05), (0.1, 0.05), (0.0, -0.05), "kept"),
        ((0.1, 0.05), (0.06, 0.02), (0.04, 0.01), "kept"),
        ((0.1, 0.05), (0.01, -0.02), (0.09, 0.04), "lost"),
        ((0.1, 0.05), (0.05, -0.02), (0.05, -0.04), "open"),
        ((0.0, -0.05), (0.1, 0.05), (-0.1, -0.15), "none"),
    ],
)
def test_the_sentence_follows_the_intervals(standard, equal_step, change, verdict):
    rows = [Mean(mean, low, 2 * mean - low, 5) for mean, low in (standard, equal_step, change)]
    found, sentence = survives(*rows)
    assert found == verdict
    assert f"{change[0]:+.3f} [{change[1]:+.3f}, " in sentence
    assert "n = 5 seeds" in sentence


def test_one_seed_says_nothing():
    one = Mean(0.1, numpy.nan, numpy.nan, 1)
    assert survives(one, one, one)[0] == "open"
