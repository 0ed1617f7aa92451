import math

import numpy as np
import pytest
from scipy import stats

from src.probe.table.layer_table import LayerRow
from src.probe.table.summary import spearman_between, summarise


def profile(values, metric="mean_shift", stage="change", first=0):
    num_blocks = len(values) - 1 + first
    return [
        LayerRow(stage, layer, layer / num_blocks, metric, value, None, 5)
        for layer, value in enumerate(values, first)
    ]


def test_change_in_one_layer():
    (found,) = summarise(profile([0, 0, 0, 4.0, 0]))
    assert (found["width"], found["centre"], found["spread"]) == (0.5 / 5, 0.75, 0.0)


def test_change_everywhere_alike():
    (found,) = summarise(profile([0.1] * 10))
    assert found["width"] == pytest.approx(0.5)
    assert found["centre"] == pytest.approx(0.5)
    depths = np.arange(10) / 9
    assert found["spread"] == pytest.approx(depths.std())


def test_change_at_both_ends():
    (found,) = summarise(profile([3.0, 0, 1.0, 0, 3.0]))
    assert found["width"] == pytest.approx((1 + 0.5 / 3) / 5)  # 3 of 7, and 0.5 of the next 3
    assert found["centre"] == pytest.approx(0.5)
    assert found["spread"] == pytest.approx(math.sqrt(6 / 7 * 0.25))


def test_centre_and_spread_against_numpy():
    values = np.random.default_rng(3).random(31)
    (found,) = summarise(profile(values.tolist()))
    depths = np.arange(31) / 30
    centre = np.average(depths, weights=values)
    assert found["centre"] == pytest.approx(centre)
    assert found["spread"] == pytest.approx(math.sqrt(np.average((depths - centre) ** 2, weights=values)))
    falling = np.sort(values)[::-1]
    full = int((np.cumsum(falling) < values.sum() / 2).sum())
    part = (values.sum() / 2 - falling[:full].sum()) / falling[full]
    assert found["width"] == pytest.approx((full + part) / 31)
    fit = stats.linregress(depths, values)
    assert (found["slope"], found["slope_stderr"]) == pytest.approx((fit.slope, fit.stderr))


@pytest.mark.parametrize("metric", ["cka_debiased", "cka_biased", "cosine_similarity"])
def test_a_similarity_is_turned_into_change(metric):
    (found,) = summarise(profile([1.0, 1 + 1e-12, 1.0, 0.5, 0.5], metric))
    assert found["width"] == pytest.approx(1 / 5)
    assert found["centre"] == pytest.approx((0.75 + 1) / 2)
    assert found["spread"] == pytest.approx(0.125)
    (found,) = summarise(profile([1.0, -1.0, 0.0], "cosine_similarity"))
    assert found["centre"] == pytest.approx((2 * 0.5 + 1) / 3)


@pytest.mark.parametrize(
    "rows",
    [
        profile([1.0, None, 1.0]),
        profile([1.0, -1.0, 1.0]),
        profile([0.0, 0.0, 0.0]),
        profile([1.0, 1.0, 1.0], "cka_debiased"),
        profile([1.0, 2.0, 3.0], "effective_rank", "base"),
        profile([0.1, 0.2, 0.3], "cka_biased_floor"),
        profile([0.1, 0.2, 0.3], "pretrained_directions_share"),
    ],
)
def test_what_has_no_place_in_depth(rows):
    (found,) = summarise(rows)
    for name in ("width", "width_stderr", "centre", "spread"):
        assert found[name] is None


def test_kinds_and_stages_have_their_own_summary():
    rows = [
        *profile([1.0, 0.0], "weight_change", first=1),
        *profile([0.0, 1.0], "weight_change/q", first=1),
        *profile([1.0, 2.0, 3.0], "effective_rank", "base"),
        *profile([3.0, 2.0, 1.0], "effective_rank", "tuned"),
    ]
    found = {(one["metric"], one["stage"]): one for one in summarise(rows)}
    assert list(found) == [
        ("weight_change", "change"),
        ("weight_change/q", "change"),
        ("effective_rank", "base"),
        ("effective_rank", "tuned"),
    ]
    assert found["weight_change", "change"]["centre"] == 0.5
    assert found["weight_change/q", "change"]["centre"] == 1.0
    assert found["effective_rank", "tuned"]["slope"] == pytest.approx(-2.0)


def test_spearman_joins_a_block_with_its_output():
    weights = [0.3, 0.1, 0.4, 0.2, 0.6, 0.5]
    cosines = [0.0, *(1 - 0.1 * weight**2 for weight in weights)]  # layer 0 is below all blocks
    rows = [
        *profile(cosines, "cosine_similarity"),
        *profile(weights, "weight_change", first=1),
        *profile(weights, "weight_change/q", first=1),
        *profile(cosines, "effective_rank", "base"),
    ]
    (found,) = spearman_between(rows)
    assert (found["first"], found["second"], found["n"]) == ("weight_change", "cosine_similarity", 6)
    assert found["rho"] == pytest.approx(-1.0)
    joined_with_inputs = stats.spearmanr(weights, cosines[:-1]).statistic
    assert abs(joined_with_inputs) < 0.9


def test_spearman_is_scipy_s_over_common_layers():
    generator = np.random.default_rng(5)
    one, other = generator.random((2, 20)).round(1).tolist()  # with ties
    rows = [*profile(one, "mean_shift"), *profile([None, *other[1:]], "change_intensity")]
    (found,) = spearman_between(rows)
    expected = stats.spearmanr(one[1:], other[1:])
    assert (found["first"], found["second"], found["n"]) == ("mean_shift", "change_intensity", 19)
    assert (found["rho"], found["pvalue"]) == pytest.approx((expected.statistic, expected.pvalue))


def test_spearman_of_all_pairs():
    rows = [
        row
        for name in ("mean_shift", "cka_biased", "weight_change")
        for row in profile([1.0, 2.0, 4.0], name)
    ]
    found = [(one["first"], one["second"]) for one in spearman_between(rows)]
    assert found == [
        ("weight_change", "mean_shift"),
        ("weight_change", "cka_biased"),
        ("mean_shift", "cka_biased"),
    ]
    assert spearman_between([]) == []


@pytest.mark.parametrize(("other", "n"), [([1.0, 1.0, 1.0], 3), ([1.0, None, 2.0], 2), ([None] * 3, 0)])
def test_spearman_that_is_not_defined(other, n):
    (found,) = spearman_between([*profile([1.0, 2.0, 3.0]), *profile(other, "change_intensity")])
    assert (found["rho"], found["pvalue"], found["n"]) == (None, None, n)
