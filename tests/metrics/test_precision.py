"""Every metric of states in other dtypes, on another device, and of a model against itself."""

import math

import pytest
import torch

from src.metrics.catalog import METRICS, resolve
from src.probe.states.layer_statistics import LayerStatistics
from src.probe.table.layer_table import layer_rows

OF_SAMPLES = [name for name, metric in METRICS.items() if metric.needs in ("pooled", "pair", "tokens")]
OF_TOKENS = [name for name, metric in METRICS.items() if metric.needs == "tokens"]
CHANGES = [name for name, metric in METRICS.items() if metric.needs == "pair"]


def sides(generator):
    """48 samples in 24 dimensions of falling variance, and the same a little moved."""
    scales = 2.0 ** -(torch.arange(24) / 4)
    base = torch.randn(48, 24, generator=generator) * scales + 0.5
    return [base, base + 0.3 * torch.randn(48, 24, generator=generator) * scales]


def value_of(name, states):
    """The metric of one or two sides; the mean where each sample has its own."""
    metric = METRICS[name]
    given = states if metric.needs == "pair" else states[:1]
    return resolve(metric.function)(*given).double().mean().item()


@pytest.mark.parametrize("name", OF_SAMPLES)
def test_float32_is_float64_and_bfloat16_is_near(name, generator):
    states = sides(generator)
    exact = value_of(name, [side.double() for side in states])
    assert math.isfinite(exact)
    assert value_of(name, states) == pytest.approx(exact, rel=1e-5)
    assert value_of(name, [side.bfloat16() for side in states]) == pytest.approx(exact, rel=0.05, abs=0.01)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device: nothing to compare the CPU with")
@pytest.mark.parametrize("name", OF_TOKENS)
def test_token_metrics_are_the_same_on_a_gpu(name, generator):
    states = sides(generator)
    moved = [side.cuda() for side in states]
    assert value_of(name, moved) == pytest.approx(value_of(name, states), rel=1e-4)


def test_a_model_against_itself_has_not_changed(generator):
    pooled = torch.stack([sides(generator)[0] for _ in range(3)])
    one = LayerStatistics(pooled, {})
    for row in layer_rows(one, one, CHANGES, 2):
        if row.metric.startswith(("pretrained_directions_share", "change_least_rank")):
            assert row.value is None  # of a change that is zero there is no share
        elif row.metric.startswith("outside_base_share"):  # what is outside of 95 % of the base
            assert 0 <= row.value <= 0.05
        elif row.metric != "cka_biased_floor":
            unchanged = 1.0 if METRICS[row.metric].change == "similarity" else 0.0
            assert row.value == pytest.approx(unchanged, abs=1e-6), row.metric


def test_a_layer_that_does_not_vary_has_no_cka_and_no_zero_in_its_place(generator):
    base = sides(generator)[0]
    constant = LayerStatistics(base[:1].expand(48, 24).repeat(3, 1, 1), {})
    for row in layer_rows(constant, LayerStatistics(base.repeat(3, 1, 1), {}), CHANGES[:4], 2):
        assert row.value is None, row.metric
