"""What another processor rounds otherwise is the same table; anything else is another one."""

import pytest

from src.results.alike import same_numbers

TABLE = b"name,value,n\nlora,0.5186904973558394,3\nmid,,3\n"


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        (b"8394", b"8398", True),
        (b"0.5186904973558394", b"0.51869050", False),  # 5e-9 of it
        (b"mid,,3", b"mid,0,3", False),
        (b"mid,,3", b"mid,nan,3", False),
        (b"lora", b"full", False),
        (b"mid,,3\n", b"", False),
    ],
)
def test_cells_are_held_against_each_other(old, new, same):
    assert same_numbers(TABLE, TABLE.replace(old, new), "t.csv") is same


@pytest.mark.parametrize(
    ("new", "same"),
    [
        ("| a-1 | 0.012 | +0.45 to 1.20 | 7 of 9 |", True),  # a tie
        ("| a-1 | 0.013 | +0.45 to 1.20 | 7 of 9 |", True),
        ("| a-1 | 0.015 | +0.45 to 1.20 | 7 of 9 |", False),
        ("| a-1 | 0.0130 | +0.45 to 1.20 | 7 of 9 |", False),
        ("| a-1 | 0.013 | +0.45 to 1.20 | 8 of 9 |", False),
        ("| a-2 | 0.013 | +0.45 to 1.20 | 7 of 9 |", False),
        ("| a-1 | 0.013 | -0.45 to 1.20 | 7 of 9 |", False),
    ],
)
def test_numbers_of_a_text_by_their_last_digit(new, same):
    old = "| a-1 | 0.013 | +0.45 to 1.20 | 7 of 9 |"
    assert same_numbers(old.encode(), new.encode(), "report.md") is same
