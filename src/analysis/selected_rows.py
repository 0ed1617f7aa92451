"""Which rows a selection by gradient took: how long, with how large a gradient, and who else takes them."""

from typing import Any

import numpy

from src.analysis.families import Row, ends_row
from src.analysis.material import Material
from src.statistics.seeds import over_seeds


def selected_rows(material: Material) -> list[Row]:
    """A row an arm that chose among candidates: means over its seeds of means over steps.

    `longer` is in supervised tokens, with the 95 % interval of Student's t over seeds; the others have none.
    """
    rows = []
    for arm in material.study.arms:
        taken = [found for run in arm.runs.values() if (found := run.record.get("selection"))]
        if taken:
            condition = material.study.condition(arm) or taken[0]["kind"]
            rows.append({"condition": condition} | _row(taken) | {"num_seeds": len(taken)})
    return rows


def _row(taken: list[dict[str, Any]]) -> Row:
    """Of the records of one arm's selections."""
    length = [one["length"] for one in taken]
    gradient = [one["gradient_norm"] for one in taken]
    longer = over_seeds([one["selected"] - one["candidates"] for one in length])
    row: Row = {"selected_length": _mean([one["selected"] for one in length]), "longer": longer.value}
    row |= ends_row("longer", longer.interval())
    row["gradient_ratio"] = _mean([one["selected"] / one["candidates"] for one in gradient])
    for kind in taken[0]["overlap"]:
        row[f"as_{kind}"] = _mean([one["overlap"][kind] for one in taken])
    row["by_chance"] = _mean([one["overlap_by_chance"] for one in taken])
    return row


def _mean(values: list[float]) -> float:
    return float(numpy.mean(values))
