"""From a band (fractions of depth) to the blocks of one model."""

import math

from src.config.rules import refuse
from src.config.schema import BandConfig
from src.model.loaded import LoadedModel
from src.runtime.seeding import permutation


def band_blocks(start: float, stop: float, num_blocks: int) -> range:
    """Blocks of the band `[start, stop)`: int(start * L) up to, not including, int(stop * L).

    The five segments of the published scripts come out exactly (L=32: 0-5, 6-11, 12-18, 19-24, 25-31).
    A hair is added before rounding down, because 0.6 * 35 is 20.999... in binary and means 21.
    """
    return range(_boundary(start, num_blocks), _boundary(stop, num_blocks))


def resolve_band(band: BandConfig, num_blocks: int, seed: int) -> list[int]:
    """The blocks that `band` selects in a stack of `num_blocks`, ascending; ConfigError if there is none."""
    blocks = list(band_blocks(band.start, band.stop, num_blocks))
    if not blocks:
        given = f"[{band.start}, {band.stop})"
        width = f"{1 / num_blocks:.3f}"
        refuse("band", given, f"at least one block; a model of {num_blocks} blocks needs a width of {width}")
    if band.random:
        return sorted(permutation(num_blocks, seed, "band")[: len(blocks)])
    return blocks


def trained_blocks(band: BandConfig, loaded: LoadedModel, seed: int) -> list[int]:
    """The blocks of a model that `band` selects, ascending.

    Raises:
        ConfigError: there is none, or a part of layers is asked for that all are one block.
    """
    if loaded.num_applications > 1 and (band.start, band.stop) != (0, 1):
        accepted = (
            f"[0.0, 1.0), the whole stack: the {loaded.num_layers} layers of {loaded.id} are one block, so "
            "that to train some of them is to train them all"
        )
        refuse("band", f"[{band.start}, {band.stop})", accepted)
    return resolve_band(band, loaded.num_blocks, seed)


def _boundary(fraction: float, num_blocks: int) -> int:
    return math.floor(fraction * num_blocks + 1e-9)
