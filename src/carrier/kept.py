"""Carriers mask by mask and item by item, kept beside tables: these are made of it again without a model."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy
from numpy import ndarray

from src.carrier.found import FitEnd, Found
from src.carrier.groups import Group
from src.intervene.engine.item_table import Arrays
from src.intervene.kept import load_kept, write_kept

_TOLD = "told"


def keep_carriers(folder: Path, found: Sequence[Found]) -> None:
    """Write every carrier: scores [variant, item], masks as bits, and how its fit went."""
    arrays: Arrays = {}
    for place, one in enumerate(found):
        arrays[f"scores {place}"] = numpy.stack(list(one.scores.values()))
        arrays[f"masks {place}"] = numpy.packbits(numpy.concatenate(list(one.active.values())))
    write_kept(folder, _TOLD, [_told(one) for one in found], arrays)


def read_carriers(folder: Path) -> list[Found]:
    """What `keep_carriers` wrote, bit for bit."""
    told, arrays = load_kept(folder, _TOLD)
    return [
        _found(one, arrays[f"scores {place}"], arrays[f"masks {place}"]) for place, one in enumerate(told)
    ]


def _told(one: Found) -> dict[str, Any]:
    """All of it but its arrays."""
    return {
        "run": one.run,
        "rho": one.rho,
        "end": one.end,
        "steps": one.steps,
        "groups": [[*group, len(mask)] for group, mask in one.active.items()],
        "density": one.density,
        "densities": [[*where, share] for where, share in one.densities.items()],
        "variants": list(one.scores),
    }


def _found(told: Mapping[str, Any], scores: ndarray, bits: ndarray) -> Found:
    return Found(
        told["run"],
        told["rho"],
        FitEnd(*told["end"]),
        told["steps"],
        _masks(told["groups"], bits),
        told["density"],
        {(block, kind): share for block, kind, share in told["densities"]},
        dict(zip(told["variants"], scores, strict=True)),
    )


def _masks(groups: Sequence[tuple[int, str, str, int]], bits: ndarray) -> dict[Group, ndarray]:
    """The masks that are on by group, of bits that stand one behind the other."""
    ends = numpy.cumsum([size for *_, size in groups])
    masks = numpy.unpackbits(bits, count=ends[-1]).astype(bool)
    parts = numpy.split(masks, ends[:-1])
    return {(block, half, vector): part for (block, half, vector, _), part in zip(groups, parts, strict=True)}
