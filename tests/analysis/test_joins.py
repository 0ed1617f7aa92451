"""P1 joins the weights of a block with the layer it gets: one block off, and told beside the layer it puts out."""

from types import SimpleNamespace

import numpy
import pandas
import pytest
from scipy import stats

from src.analysis.arms import WHOLE
from src.analysis.layer_series import by_metric
from src.analysis.measures.layers import correlation
from src.analysis.references import load_references

NUM_BLOCKS = 8
RANDOM = numpy.random.default_rng(0)


def made(cosine, weights):
    """The table of a run: cosine of layers 0 .. L, weights of the layers 1 .. L that blocks put out."""
    rows = [("cosine_similarity", layer, value) for layer, value in enumerate(cosine)]
    rows += [("weight_change", layer, value) for layer, value in enumerate(weights, 1)]
    table = pandas.DataFrame(rows, columns=["metric", "layer", "value"]).assign(stage="change")
    table["depth"] = table["layer"] / NUM_BLOCKS
    return SimpleNamespace(
        readings=["all"], reading="all", layers_of=lambda _: table, series_of=lambda _: by_metric(table)
    )


def told(*runs):
    arm = SimpleNamespace(
        band=WHOLE, is_pair=False, kind="", runs=dict(enumerate(runs)), record={"choices": {"model": "m"}},
        label=lambda _: "arm",
    )  # fmt: skip
    study = SimpleNamespace(arms=[arm], factors=[], condition=lambda _: "")
    (published,) = [one for one in load_references() if one.number.name == "weight_change_with_cosine"]
    found = correlation(SimpleNamespace(study=study), published)
    assert published.number.value == -0.79
    return {one.what.partition(", block")[2]: one for one in found}


def test_the_published_join_is_that_of_our_tables_shifted_by_one_block():
    """SciPy on the columns as the published script has them: weights[i] with states[i], i from 0 to L - 1."""
    cosine, weights = RANDOM.uniform(0.9, 1, NUM_BLOCKS + 1), RANDOM.uniform(0.05, 0.1, NUM_BLOCKS)
    found = {name: one.estimate.value for name, one in told(made(cosine, weights)).items()}
    assert found == pytest.approx({
        " with its input (published join)": stats.pearsonr(weights, cosine[:-1]).statistic,
        " with its output, layers up to L-1": stats.pearsonr(weights[:-1], cosine[1:-1]).statistic,
        " with its output, with layer L": stats.pearsonr(weights, cosine[1:]).statistic,
    })  # fmt: skip


def test_only_the_published_join_sees_weights_that_follow_what_their_block_gets():
    runs = []
    for _ in range(3):
        cosine = RANDOM.uniform(0.9, 1, NUM_BLOCKS + 1)
        runs.append(made(cosine, 1 - cosine[:-1]))
    found = told(*runs)
    assert found[" with its input (published join)"].estimate.value == pytest.approx(-1)
    assert abs(found[" with its output, with layer L"].estimate.value) < 0.9


def test_a_run_without_one_of_the_metrics_has_no_correlation():
    lacking = made(numpy.ones(NUM_BLOCKS + 1), [])
    assert told(lacking) == {}
