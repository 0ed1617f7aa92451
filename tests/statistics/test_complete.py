"""A mean over what happens to be there would pass for a mean over all."""

from src.statistics.complete import complete, shared


def test_one_missing_value_leaves_none():
    assert complete([0.0, 2.0]) == [0.0, 2.0]
    assert complete([0.0, None]) is None
    assert complete([]) == []


def test_a_value_is_shared_by_all_or_by_none():
    assert shared([8, 8]) == 8
    assert shared([8, 16]) is None
    assert shared([]) is None
