"""Models in the middle of their depth: the layers that count, and the interval of SciPy's paired t."""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy
import pandas
import pytest
from scipy import stats

from src.analysis.layer_series import by_metric
from src.analysis.middle import middle_rows

RANDOM = numpy.random.default_rng(3)


def table(values):
    """Eleven layers, the embedding first; depth is layer / 10."""
    return pandas.DataFrame(
        {"layer": range(11), "depth": numpy.arange(11) / 10, "value": values, "metric": "mean_shift"}
    ).assign(stage="change")


@dataclass
class MadeRun:
    """A run of which the table is known."""

    layers: pandas.DataFrame

    @property
    def series(self):
        return by_metric(self.layers)


def study(factors=("model.name",), num_models=2):
    made = {
        f"model_{model}": {seed: table(RANDOM.normal(model, 1, 11)) for seed in (0, 1, 2)}
        for model in range(num_models)
    }
    arms = [
        SimpleNamespace(
            factors={"model.name": name},
            runs={seed: MadeRun(layers) for seed, layers in runs.items()},
        )
        for name, runs in made.items()
    ]
    return SimpleNamespace(study=SimpleNamespace(factors=list(factors), arms=arms)), made


def test_the_difference_is_that_of_layers_two_to_eight_paired_by_seed():
    material, made = study()
    [row] = middle_rows(material)
    means = [[runs[seed]["value"][2:9].mean() for seed in (0, 1, 2)] for runs in made.values()]
    oracle = stats.ttest_rel(*means).confidence_interval()
    assert (row["model"], row["against"], row["num_seeds"]) == ("model_0", "model_1", 3)
    assert row["value"] == pytest.approx(numpy.subtract(*means).mean())
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((oracle.low, oracle.high))


def test_a_layer_without_a_value_is_left_out_and_is_no_zero():
    material, _ = study()
    lacking = material.study.arms[0].runs[0].layers
    lacking.loc[4, "value"] = numpy.nan
    [row] = middle_rows(material)
    runs = [arm.runs for arm in material.study.arms]
    first = [one[0].layers["value"][2:9].mean() for one in runs]  # pandas leaves it out
    others = [
        runs[0][seed].layers["value"][2:9].mean() - runs[1][seed].layers["value"][2:9].mean()
        for seed in (1, 2)
    ]
    assert row["value"] == pytest.approx(numpy.mean([first[0] - first[1], *others]))


@pytest.mark.parametrize(
    ("factors", "num_models"), [(("model.name", "objective.name"), 2), (("model.name",), 6)]
)
def test_models_that_differ_in_more_or_are_many_have_no_such_table(factors, num_models):
    assert not middle_rows(study(factors, num_models)[0])
