import subprocess
import sys

import numpy
import pytest
from scipy import stats

from src.probe.table.depth_profile import change_location


def width(amounts):
    return change_location(numpy.linspace(0, 1, len(amounts)), amounts)["width"]


def test_width_moves_with_every_amount_and_is_no_count_of_layers():
    found = [width([1.0, 1.0, 1.0, 1.0, 1.0 + 0.01 * step]) for step in range(20)]
    assert len(set(found)) == 20
    assert found == sorted(found, reverse=True)


def test_width_is_where_the_lorenz_curve_of_the_amounts_reaches_one_half():
    amounts = numpy.random.default_rng(0).exponential(size=12)
    found = width(amounts)
    full = int(found * 12)
    falling = numpy.sort(amounts)[::-1]
    assert falling[:full].sum() + (found * 12 - full) * falling[full] == pytest.approx(amounts.sum() / 2)
    assert width(7 * amounts[::-1]) == pytest.approx(found)


def test_the_error_of_width_is_a_jackknife_over_layers():
    amounts = numpy.random.default_rng(1).exponential(size=9)
    without = numpy.array([width(numpy.delete(amounts, layer)) for layer in range(9)])
    expected = numpy.sqrt(8 / 9 * ((without - without.mean()) ** 2).sum())
    assert change_location(numpy.linspace(0, 1, 9), amounts)["width_stderr"] == pytest.approx(expected)


def test_the_error_of_width_agrees_with_the_bootstrap():
    amounts = numpy.random.default_rng(2).exponential(size=150)
    found = change_location(numpy.linspace(0, 1, 150), amounts)["width_stderr"]
    drawn = stats.bootstrap(
        (amounts,), width, vectorized=False, n_resamples=2000, rng=numpy.random.default_rng(3)
    )
    assert found == pytest.approx(drawn.standard_error, rel=0.15)


@pytest.mark.parametrize("amounts", [[1.0, 2.0], [0.0, 0.0, 0.0, 4.0, 0.0]])
def test_too_few_layers_with_change_have_no_error(amounts):
    found = change_location(numpy.linspace(0, 1, len(amounts)), amounts)
    assert found["width"] is not None
    assert found["width_stderr"] is None


def test_the_report_reads_profiles_without_torch():
    code = "import sys, src.analysis.depth.gather; assert 'torch' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
