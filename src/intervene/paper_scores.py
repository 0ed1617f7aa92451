"""Published scores of variants: token accuracy and perplexity over whole texts, every token counting once."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy
from rich.console import Console
from rich.table import Table

from src.intervene.engine.gates import Pattern
from src.intervene.engine.item_table import ItemTable
from src.intervene.engine.items import Items
from src.intervene.engine.scoring import ACCURACY

HIGHEST_LOSS, CAPPED = 20.0, 1e5
"""Of a mean loss above it, in nats, the merging script prints the number behind it as perplexity."""


class PaperScore(NamedTuple):
    """One variant of one run."""

    run: str
    head: str
    variant: str
    accuracy_paper: float
    """Of next tokens of question and answer."""
    perplexity_paper: float
    num_rows: int


def paper_scores(
    run: str, variants: Mapping[tuple[str, str], Pattern], items: Items, table: ItemTable
) -> list[PaperScore]:
    """Of every variant by head and name; `items` are whole texts, `table` holds them under all variants."""
    counts = items.num_positions.numpy()
    found = []
    for (head, name), pattern in variants.items():
        means = (table.of(score, pattern) for score in (ACCURACY, items.score))
        accuracy, logp = (float(numpy.average(one, weights=counts)) for one in means)
        perplexity = CAPPED if -logp > HIGHEST_LOSS else math.exp(-logp)
        found.append(PaperScore(run, head, name, accuracy, perplexity, len(counts)))
    return found


def print_paper_scores(console: Console, rows: Sequence[PaperScore]) -> None:
    """A line a variant and run."""
    table = Table(title="whole texts, as published: no interval", title_justify="left")
    for name in PaperScore._fields[:-1]:
        table.add_column(name.replace("_", " "))
    for row in rows:
        cells = (row.head, row.variant, f"{row.accuracy_paper:.4f}", f"{row.perplexity_paper:.4g}")
        table.add_row(row.run, *cells)
    console.print(table)
