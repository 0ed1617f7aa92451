"""Trade-offs at an equal gain, against a world in which the truth is known."""

import numpy
import pytest

from src.statistics.matched import Tradeoff, kept_at_equal_gain
from src.statistics.two_way_model import crossed

STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)


def world(draw, better=0.0, at=0.6, seeds=1, tasks=80, texts=60):
    """Items whose effects are proportional to strength; the candidate keeps `better` more at its gain."""
    gain = 2 + draw.normal(size=(seeds, 1)) * 0.1 + draw.normal(size=tasks)
    loss = 1 + draw.normal(size=(seeds, 1)) * 0.1 + 0.5 * draw.normal(size=texts)
    noise = [size * draw.normal(size=(seeds, count)) for size, count in ((1.0, tasks), (0.3, texts))]
    curve = [Tradeoff(strength * gain, -strength * loss) for strength in STRENGTHS]
    return Tradeoff(at * gain + noise[0], -at * loss + better + noise[1]), curve


def alone(candidate, curve):
    (found,) = kept_at_equal_gain([candidate], curve)
    return found


def test_many_settings_at_once_are_what_each_is_alone():
    draw = numpy.random.default_rng(1)
    _, curve = world(draw, seeds=3)
    many = [world(draw, at=at, seeds=3)[0] for at in numpy.linspace(0.05, 1.3, 150)]
    found = kept_at_equal_gain(many, curve)
    assert found == [alone(one, curve) for one in many]
    assert None in found and len({id(one) for one in found if one}) > 64


def test_a_point_of_the_curve_is_no_better_than_the_curve():
    _, curve = world(numpy.random.default_rng(0), seeds=3)
    found = alone(curve[2], curve)
    assert found.value == 0 and found.stderr == 0
    assert alone(Tradeoff(curve[1].gained, curve[1].kept + 0.2), curve).value == pytest.approx(0.2)


def test_between_two_points_the_curve_is_a_straight_line():
    gained, kept = numpy.array([[0.0, 0.0]]), numpy.array([[0.0, 0.0]])
    curve = [Tradeoff(gained, kept), Tradeoff(gained + 2, kept - 4)]
    assert alone(Tradeoff(gained + 0.5, kept - 0.4), curve).value == pytest.approx(0.6)


def test_a_gain_that_the_curve_never_has_is_not_compared():
    _, curve = world(numpy.random.default_rng(0))
    beyond = Tradeoff(curve[-1].gained + 1, curve[-1].kept)
    assert alone(beyond, curve) is None


def test_of_two_places_with_the_gain_the_one_that_keeps_more_counts():
    flat = numpy.zeros((1, 4))
    curve = [Tradeoff(flat, flat), Tradeoff(flat + 1, flat - 1), Tradeoff(flat, flat - 2)]
    assert alone(Tradeoff(flat + 0.5, flat - 0.5), curve).value == pytest.approx(0)


def test_a_norm_is_matched_without_an_error_of_its_own():
    draw = numpy.random.default_rng(0)
    kept = draw.normal(size=(3, 20))
    curve = [Tradeoff(numpy.full((3, 1), norm), kept * norm) for norm in (0.0, 1.0, 2.0)]
    other = draw.normal(size=(3, 20))
    found = alone(Tradeoff(numpy.full((3, 1), 1.5), other), curve)
    expected = crossed(other - 1.5 * kept)
    assert found.value == pytest.approx(expected.value) and found.stderr == pytest.approx(expected.stderr)


def without_error_of_match(candidate, curve):
    """The same with gains as if they were known."""
    known = [Tradeoff(one.gained.mean(axis=1, keepdims=True), one.kept) for one in (candidate, *curve)]
    return alone(known[0], known[1:])


@pytest.mark.parametrize("seeds", [1, 3])
def test_the_interval_covers_and_would_not_without_the_error_of_the_match(seeds):
    draw, covered = numpy.random.default_rng(3), numpy.zeros(2)
    for _ in range(400):
        candidate, curve = world(draw, better=0.1, seeds=seeds)
        for place, estimate in enumerate((alone, without_error_of_match)):
            low, high = estimate(candidate, curve).interval()
            covered[place] += low <= 0.1 <= high
    assert 0.92 <= covered[0] / 400 <= 0.995
    assert covered[1] / 400 < 0.9 or seeds > 1  # one seed: the error over items is all there is
