from itertools import pairwise

import pytest

from src.config.schema import BandConfig
from src.errors import ConfigError
from src.method.band import band_blocks, resolve_band


def test_segments_are_those_of_the_published_scripts():
    fifths = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    segments = [band_blocks(start, stop, 32) for start, stop in pairwise(fifths)]
    assert [(one[0], one[-1]) for one in segments] == [(0, 5), (6, 11), (12, 18), (19, 24), (25, 31)]
    bounds = {16: [0, 3, 6, 9, 12, 16], 40: [0, 8, 16, 24, 32, 40], 64: [0, 12, 25, 38, 51, 64]}
    for num_blocks, expected in bounds.items():
        assert [band_blocks(0, stop, num_blocks).stop for stop in fifths] == expected


@pytest.mark.parametrize("num_blocks", range(5, 200))
def test_fifths_are_exact_integers_at_every_depth(num_blocks):
    for i, stop in enumerate([0.2, 0.4, 0.6, 0.8, 1.0], start=1):
        assert band_blocks(0.0, stop, num_blocks).stop == i * num_blocks // 5


def test_segments_tile_the_stack(make_config):
    names = ["10000", "01000", "00100", "00010", "00001"]
    blocks = [resolve_band(make_config(f"band={name}").band, 30, 0) for name in names]
    assert [block for part in blocks for block in part] == list(range(30))
    assert resolve_band(make_config("band=01110").band, 30, 0) == resolve_band(
        make_config("band=mid").band, 30, 0
    )


def test_random_band_has_the_size_of_the_middle_and_follows_the_seed(make_config):
    band = make_config("band=random").band
    drawn = [resolve_band(band, 30, seed) for seed in range(20)]
    assert all(len(set(blocks)) == 18 and blocks == sorted(blocks) for blocks in drawn)
    assert all(0 <= block < 30 for blocks in drawn for block in blocks)
    assert resolve_band(band, 30, 3) == drawn[3]
    assert len({tuple(blocks) for blocks in drawn}) == 20
    assert any(0 in blocks for blocks in drawn)
    assert any(29 in blocks for blocks in drawn)  # drawn from the whole stack, not from the middle


def test_a_band_without_a_block_is_refused():
    with pytest.raises(
        ConfigError, match=r"band: given '\[0\.41, 0\.49\)'; .*a model of 10 blocks needs a width of 0\.100"
    ):
        resolve_band(BandConfig("narrow", 0.41, 0.49, random=False), 10, 0)
