"""Every interval that a report prints holds the truth as often as it says; the long runs are `make coverage`."""

import pytest

from src.bench.coverage.designs import MOST, NOMINAL, ROBUST, designs
from src.bench.coverage.metrics import HEAVY, NAMES, NOISE, NORMAL, coverages
from src.bench.coverage.simulate import simulate
from src.bench.coverage.words import operating_characteristics

ROUNDS = 600
SURE = 2.5 * (0.95 * 0.05 / ROUNDS) ** 0.5
"""What so few rounds may be off: 2.5 standard errors of a share of 0.95."""


@pytest.mark.parametrize("design", designs(), ids=lambda one: f"{one.interval}, {one.n}, {one.made}")
def test_coverage(design):
    found = simulate(design, ROUNDS).coverage
    assert found >= design.least - SURE
    if not design.known:
        assert found <= MOST + SURE


def test_an_interval_that_is_too_short_would_be_seen():
    design = next(iter(designs()))

    def half(random):
        low, high, value, truth = design.draw(random)
        return type(design.draw(random))((low + value) / 2, (high + value) / 2, value, truth)

    shorter = type(design)(design.interval, design.n, design.made, half)
    assert simulate(shorter, ROUNDS).coverage < design.least - SURE


def test_words_are_rarely_wrong_at_every_size():
    for row in operating_characteristics(ROUNDS):
        assert row.wrong <= 0.05 + 0.022 and row.false <= 0.01 + 0.01  # 2.5 standard errors


MEANT = ("mean_shift", "cosine_similarity", "change_intensity", "cka_biased", "intrinsic_dimension_twonn")
"""Those whose intervals were too short or too wide; a few hundred rounds tell 0.95 from 0.91 and 0.998."""


@pytest.mark.parametrize("made", [NORMAL, HEAVY])
def test_metrics_over_rows(made):
    rounds = 500
    sure, least = 2.5 * (0.95 * 0.05 / rounds) ** 0.5, NOMINAL if made == NORMAL else ROBUST
    for one in coverages(rounds, (20, 60), MEANT, (made,)):
        assert least - sure <= one.coverage <= MOST + sure / 2, one
        if one.name == "intrinsic_dimension_twonn" and one.n == 60:
            assert one.width_over_sd < 1.3, one  # of the jackknife 1.8


def test_metrics_over_rows_are_measured_as_a_run_measures_them():
    found = list(coverages(6, (20,)))
    assert [one.name for one in found] == [*NAMES] * len(NOISE)
    assert all(0 < one.width_over_sd < 10 for one in found)
