"""What is seen without intervening, against what is known of it."""

import math

import numpy
import pytest
import torch

from src.intervene.causal.base_profiles import base_profiles, signal_to_noise
from src.intervene.causal.fifths import fifth_contrasts
from src.intervene.causal.predictors import (
    FISHER,
    GRADIENT,
    SLOPE,
    TOP_HALF,
    mean_profiles,
    observed,
    predictions,
    profiles,
)
from src.intervene.causal.redrawn import redrawn
from src.intervene.quantity import Quantity
from src.probe.table.layer_table import LayerRow
from src.probe.table.layers_csv import write_layers
from src.statistics.two_way_model import crossed
from tests.intervene.conftest import replay_of
from tests.intervene.test_variants import items_of

BLOCKS = list(range(10))
DRAW = numpy.random.default_rng(0)
NOISE = DRAW.normal(0, 0.1, (3, 20))


def of(kind, values):
    return [Quantity("logp", kind, f"block {block}", value + NOISE) for block, value in enumerate(values)]


@pytest.fixture(scope="module")
def found():
    """Block b carries b, whatever way it is asked; fifth s then carries 4 s + 1."""
    worth = numpy.arange(10.0)
    rows = [one for kind in ("alone", "left_out", "path", SLOPE) for one in of(kind, worth)]
    for first in range(0, 10, 2):
        share = DRAW.normal(2 * first + 1, 0.5, (3, 20))
        rows.append(Quantity("logp", "shapley", f"blocks {first}-{first + 1}", share))
    return rows


def test_the_update_weighted_with_fisher_is_the_mean_square_of_the_slopes(found):
    """Of items with gradients g and an update D: mean of (D.g)^2 = D' (mean of g g') D."""
    draw = numpy.random.default_rng(1)
    gradients, update = draw.normal(size=(20, 6)), draw.normal(size=6)
    row = [Quantity("logp", SLOPE, "block 0", (gradients @ update)[None])]
    sides = profiles(row, {}, [0])
    assert sides[FISHER] == pytest.approx(update @ (gradients.T @ gradients / 20) @ update)
    assert sides[SLOPE] == pytest.approx((gradients @ update).mean())


@pytest.mark.parametrize("num_blocks", [6, 7])
def test_the_gradient_norm_of_the_base_is_that_of_the_mean_gradient(num_blocks, tmp_path):
    """From gradients of rows that are known: the norm of their mean, and the published choice of half the blocks."""
    gradients = numpy.random.default_rng(2).normal(0.5, 1, (num_blocks, 8, 5))  # [block, row, weight]
    squares = (gradients**2).sum(axis=2).mean(axis=1)
    norms = numpy.linalg.norm(gradients.mean(axis=1), axis=1)
    tables = {
        ("base", "fisher_trace"): squares, ("base", "gradient_signal_to_noise"): norms**2 / squares,
        ("change", "weight_change"): numpy.arange(1.0, num_blocks + 1),
    }  # fmt: skip
    rows = [
        LayerRow(stage, layer, layer / num_blocks, metric, value, None, 8)
        for (stage, metric), values in tables.items()
        for layer, value in enumerate(values.tolist(), 1)
    ]
    write_layers(tmp_path / "layers.csv", rows)
    found = observed(tmp_path, num_blocks)
    assert found[GRADIENT] == pytest.approx(norms)
    assert found[f"weight_change times {GRADIENT}"] == pytest.approx(norms * numpy.arange(1, num_blocks + 1))
    assert found[TOP_HALF].sum() == num_blocks // 2
    assert found[TOP_HALF][norms.argmax()] == 1 > found[TOP_HALF][norms.argmin()]
    assert norms[found[TOP_HALF] == 1].min() > norms[found[TOP_HALF] == 0].max()
    write_layers(tmp_path / "layers.csv", [row for row in rows if row.metric != "fisher_trace"])
    assert not {GRADIENT, TOP_HALF} & observed(tmp_path, num_blocks).keys()


def test_a_profile_that_orders_as_the_target_has_rho_one_and_a_constant_one_none(found):
    seen = {"itself": numpy.arange(10.0), "cubed": numpy.arange(10.0) ** 3, "flat": numpy.ones(10)}
    told = {
        (one.predictor, one.target): one for one in predictions(found, profiles(found, seen, BLOCKS), BLOCKS)
    }
    for target in ("alone", "left_out", "path"):
        assert told["itself", target].rho == told["cubed", target].rho == pytest.approx(1)
        assert math.isnan(told["flat", target].rho) and math.isnan(told["flat", target].partial)
    assert told[FISHER, "path"].rho > 0.9


def test_the_fifths_at_which_a_profile_points_are_contrasted_with_the_others(found):
    seen = {"up": numpy.arange(10.0), "down": -numpy.arange(10.0), "flat": numpy.ones(10)}
    told = {one.predictor: one for one in fifth_contrasts(found, profiles(found, seen, BLOCKS), BLOCKS)}
    assert "flat" not in told
    shares = [one.values for one in found if one.kind == "shapley"]
    expected = crossed((shares[3] + shares[4]) / 2 - (shares[0] + shares[1] + shares[2]) / 3)
    assert told["up"].fifths == "blocks 6-7 and blocks 8-9"
    assert (told["up"].value, told["up"].low, told["up"].high) == (expected.value, *expected.interval())
    assert told["up"].low > 0 and told["up"].rho == pytest.approx(1)
    assert told["down"].high < 0 and told["down"].rho == pytest.approx(-1)


def test_without_every_fifth_there_is_no_contrast(found):
    assert fifth_contrasts(found, {"up": numpy.arange(4.0)}, [0, 1, 2, 3]) == []


def test_the_base_is_looked_at_and_not_the_tuned_model(adapted_pair):
    adapted = adapted_pair("llama")
    replay, items = replay_of(adapted), items_of(adapted)
    found = base_profiles(replay, items)
    with torch.no_grad():
        for value in adapted.trainable.values():
            value.zero_()
    again = base_profiles(replay_of(adapted), items)
    assert len(found) == 4 and all(one.shape == (5,) and numpy.isfinite(one).all() for one in found.values())
    for name, values in found.items():
        assert values == pytest.approx(again[name], rel=1e-6), name


def test_what_a_block_adds_and_how_much_it_turns_is_that_of_its_states(adapted_pair):
    adapted = adapted_pair("llama")
    replay, items = replay_of(adapted), items_of(adapted)
    with torch.no_grad():  # a block that writes nothing hands on what it got
        for name, value in adapted.model.named_parameters():
            if ".3." in name and ("o_proj" in name or "down_proj" in name):
                value.zero_()
    found = base_profiles(replay, items)
    assert found["base: norm that a block adds"][3] == 0 < found["base: norm that a block adds"][2]
    assert found["base: 1 - cka of a block's ends"][3] == pytest.approx(0, abs=1e-6)


def test_signal_is_what_stands_out_of_noise():
    """White noise has next to nothing above the edge; a few strong directions are the signal."""
    draw = torch.Generator().manual_seed(0)
    noise = torch.randn(300, 200, generator=draw, dtype=torch.float64)
    strong = torch.randn(300, 2, generator=draw, dtype=torch.float64) @ torch.randn(
        2, 200, generator=draw, dtype=torch.float64
    )
    values = torch.linalg.svdvals(noise + strong)
    edge = (values.quantile(0.75) - values.quantile(0.25)) / 1.349 * (1 + math.sqrt(2 / 3))
    kept = [one for one in values.tolist() if one > edge]
    rest = [one for one in values.tolist() if one <= edge]
    expected = sum(kept) / sum(rest) / max(kept) if rest else math.inf
    assert signal_to_noise(values, (300, 200)) == pytest.approx(expected)
    assert signal_to_noise(3 * values, (200, 300)) == pytest.approx(expected / 3)


def test_rho_has_an_interval_over_rows_and_seeds(found):
    """Sure where noise is far below the steps from block to block; none of what no row or seed can change."""
    seen = [{"up": numpy.arange(10.0), "flat": numpy.ones(10)}] * 3
    sides = profiles(found, mean_profiles(seen), BLOCKS)
    known = redrawn(found, seen, BLOCKS)
    told = {(one.predictor, one.target): one for one in predictions(found, sides, BLOCKS, known)}
    for name in ("up", SLOPE):
        assert (told[name, "path"].rows_low, told[name, "path"].rows_high) == (1, 1)
    assert math.isnan(told["flat", "path"].rows_low)
    assert math.isnan(predictions(found, sides, BLOCKS)[0].rows_low)


def test_what_is_made_of_the_slopes_moves_with_the_rows_of_the_share():
    """Noise that both have in the same rows makes them alike; drawn apart, it would not show."""
    draw = numpy.random.default_rng(6)
    worth, noise = draw.normal(size=10), draw.normal(0, 1.5, (10, 1, 40))
    kinds = dict.fromkeys(("alone", "left_out", "path", SLOPE), worth[:, None, None] + noise)
    rows = [
        Quantity("logp", kind, f"block {block}", table[block])
        for kind, table in kinds.items()
        for block in BLOCKS
    ]
    fixed = {"same, without rows": kinds["path"].mean(axis=(1, 2))}
    known = redrawn(rows, [fixed], BLOCKS)
    assert known[SLOPE, "path"] == (1, 1)
    assert known["same, without rows", "path"][0] < 1
