"""Every interval that a report prints holds the truth as often as it says; the long runs are `make coverage`."""

import pytest

from src.bench.coverage.designs import MOST, designs
from src.bench.coverage.metrics import NAMES, coverages
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


def test_metrics_over_rows_are_measured_as_a_run_measures_them():
    found = list(coverages(6, n=20))
    assert [one.name for one in found] == [*NAMES, *NAMES]
    assert all(0 < one.width_over_sd < 10 for one in found)
