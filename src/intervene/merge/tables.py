"""The tables of mixed weights."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from src.intervene.merge.frontier import merge_frontier
from src.intervene.quantity import Quantity, write_quantities
from src.statistics.frontier import Point
from src.storage.csv_file import write_csv


def write_merge(out: Path, rows: Sequence[Quantity], searched: Mapping[str, str]) -> list[Point]:
    """merge.csv, merge_searched.csv, and where English was scored merge_frontier.csv.

    Args:
        out: the folder.
        rows: quantities over all runs.
        searched: of each run, the shares that a search on other rows found.

    Returns:
        The points of the frontier.
    """
    write_csv(out / "merge_searched.csv", ("run", "shares"), searched.items())
    write_quantities(out / "merge.csv", rows)
    points = merge_frontier(rows)
    if points:
        write_csv(out / "merge_frontier.csv", Point._fields, points)
    return points
