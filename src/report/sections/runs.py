"""What was run, what could not be compared and why, and every finished run."""

from src.analysis.material import Material
from src.analysis.run_rows import left_out_rows, notes, run_rows
from src.report.columns import columns
from src.report.parts import Block, Section, Text
from src.report.table import Column, Table

_LEFT = ("method", "band", "condition", "blocks", "task")
_TITLES = {"num_items": "n", "train_s": "train s", "total_s": "all s"}
_NAMES = (
    "method", "band", "condition", "blocks", "seed", "trainable", "task", "before", "after", "num_items",
    "train_s", "total_s",
)  # fmt: skip
COLUMNS = [Column((name,), _TITLES.get(name, name), numeric=name not in _LEFT) for name in _NAMES]
"""Their cells are texts, a score with its standard error."""


def opening(material: Material) -> list[Block]:
    """What to know of the runs, and those that were left out."""
    rows = left_out_rows(material)
    told = notes(material.study) or ["All runs were made by one commit, on the same seeds."]
    title, heads = f"Not compared, or not in everything ({len(rows)})", columns("run", "reason", reason="why")
    return [Text(told, bullets=True), *([Table("left_out", title, heads, rows)] if rows else [])]


def build(material: Material) -> list[Block]:
    """All of them."""
    rows = run_rows(material.study)
    title = f"All finished runs ({len(material.study.compared)})"
    return [Table("runs", title, COLUMNS, rows, folded=len(rows) > 24)] if rows else []


OPENING = Section("What was run", "a run", opening)
SECTION = Section("Runs", "a finished run", build)
