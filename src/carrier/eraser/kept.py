"""Triggers item by item, kept beside their tables: they are made of it again without a model."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy

from src.carrier.eraser.cells import Cell
from src.carrier.eraser.found import Erased, TriggerEnd
from src.intervene.engine.item_table import Arrays
from src.intervene.kept import load_kept, write_kept

_TOLD = "told"


def keep_triggers(folder: Path, found: Sequence[Erased]) -> None:
    """Write every score [variant, item] of every run, the base first, and how the fits went."""
    told = [
        {
            "run": one.run,
            "density": one.density,
            "cells": list(one.scores),
            "scores": list(one.base),
            "triggers": [[cell, trigger] for cell, trigger in one.triggers.items()],
        }
        for one in found
    ]
    arrays: Arrays = {}
    for place, one in enumerate(found):
        variants = (one.base, *one.scores.values())
        for score in one.base:
            arrays[f"{score} {place}"] = numpy.stack([variant[score] for variant in variants])
    write_kept(folder, _TOLD, told, arrays)


def read_triggers(folder: Path) -> list[Erased]:
    """What `keep_triggers` wrote, bit for bit."""
    told, arrays = load_kept(folder, _TOLD)
    return [_erased(one, place, arrays) for place, one in enumerate(told)]


def _erased(told: Mapping[str, Any], place: int, arrays: Arrays) -> Erased:
    def scores(variant: int) -> Arrays:
        return {score: arrays[f"{score} {place}"][variant] for score in told["scores"]}

    cells = [Cell(*cell) for cell in told["cells"]]
    return Erased(
        told["run"],
        told["density"],
        scores(0),
        {cell: scores(number) for number, cell in enumerate(cells, 1)},
        {Cell(*cell): TriggerEnd(*trigger) for cell, trigger in told["triggers"]},
    )
