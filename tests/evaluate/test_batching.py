"""Which rows share a batch: the longest first, many short ones together, and no more than there is room for."""

import numpy
import pytest

from src.evaluate.batching import batches, rows_in_room
from src.model.beside import ALONE, EQUAL, PADDED


@pytest.mark.parametrize(
    ("batch_size", "length", "rows"),
    [
        (25, 512, 25),
        (25, 4096, 25),
        (25, 278, 46),
        (25, 26, 100),
        (25, 128, 100),
        (1, 26, 1),
        (2, 512, 2),
        (2, 400, 2),
    ],
)
def test_short_rows_take_the_room_of_full_ones(batch_size, length, rows):
    assert rows_in_room(batch_size, length) == rows


def test_no_batch_has_more_positions_than_so_many_full_rows_or_as_many_rows_as_were_asked_for():
    lengths = numpy.random.default_rng(0).integers(10, 900, 500).tolist()
    found = batches(PADDED, lengths, lambda length: rows_in_room(8, length))
    assert sorted(place for batch in found for place in batch) == list(range(500))
    for batch in found:
        longest = max(lengths[place] for place in batch)
        assert len(batch) <= 8 or len(batch) * longest <= 8 * 512
        assert longest == lengths[batch[0]]
    assert max(map(len, found)) == 32


def test_rows_of_other_lengths_stay_apart_where_padding_is_read():
    found = batches(EQUAL, [3, 5, 3, 5, 3], lambda length: 2)
    assert found == [[1, 3], [0, 2], [4]]
    assert batches(ALONE, [3, 5], 9) == [[1], [0]]
