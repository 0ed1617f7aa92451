"""The sections of patching and steering: they read well for someone who has never heard of either."""

from collections.abc import Iterator
from functools import partial

from src.analysis.records import records
from src.analysis.vector_tables import VectorTables
from src.report.columns import columns
from src.report.intervened_page import analysis_plugin, quantity_table
from src.report.parts import Block, Chart, Text
from src.report.plot import Plot
from src.report.plugins import Plugin
from src.report.table import Table
from src.report.vectors.plots import block_plot, patch_plot, rank_plot

_READING = {
    "patch": (
        "Tuning shifts what every block puts out. Here the mean of that shift, taken on rows that are not "
        "scored, is added to the untuned model at one block: does a fixed push do what tuning does?"
    ),
    "steer": (
        "What tuning changes in a block's output is taken apart into directions, the strongest first. Here "
        "the part in the first few of them is put into the untuned model: how few carry the gain?"
    ),
}
_KINDS = {
    "gain": "the whole change", "patched": "one block's mean shift", "together": "all mean shifts at once",
    "best": "the best block and size", "random": "control: a random direction of its norm there",
    "other_block": "control: another block's mean shift there", "slope": "rise with the size, at 0",
    "wrong_rows": "control: the mean shift over rows that stay wrong", "published": "the published form",
    "lens": "answers that the untuned head finds there", "fixed": "the mean difference in few directions",
    "oracle": "each place's own difference in few directions", "best_fixed": "the same at the best block",
    "best_oracle": "the upper bound at the best block", "best_random": "control: random directions, as much",
}  # fmt: skip
_TITLES = {"patch": "Does a fixed push do what tuning does", "steer": "How few directions carry the gain"}
_NOTE = "Ribbons: Fieller's 95 % intervals over items (and seeds, of several); gaps: no interval."


def plugin(analysis: str) -> Plugin:
    """That of `patch` or `steer`."""
    made, drawn = partial(blocks, analysis), partial(plots, analysis)
    return analysis_plugin(analysis, _TITLES[analysis], VectorTables, made, drawn)


def blocks(analysis: str, tables: VectorTables) -> list[Block]:
    """Sentences, figures, tables."""
    anchor = f"{analysis}_{tables.anchor}"
    drawn = [
        Chart(f"{key}_{anchor}", f"{tables.name}: {_FIGURES[key]}", {key: plot}, _NOTE)
        for key, plot in plots(analysis, tables).items()
    ]
    return [Text([_READING[analysis], *tables.about["words"]]), *drawn, *_tables(tables, anchor)]


_FIGURES = {
    "by_block": "share of the gain by block",
    "by_rank": "share of the gain by the number of directions",
}


def plots(analysis: str, tables: VectorTables) -> dict[str, Plot]:
    """By name; none of the published form, which is one number or four."""
    if tables.about["form"] == "published":
        return {}
    if analysis == "patch":
        return {"by_block": patch_plot(tables)}
    return {"by_rank": rank_plot(tables), "by_block": block_plot(tables)}


def _tables(tables: VectorTables, anchor: str) -> Iterator[Table]:
    heads = columns("name", "value", "ci", value="share of the gain")
    rows = [row | {"ci_low": row["low"], "ci_high": row["high"]} for row in records(tables.summary)]
    yield Table(f"shares_{anchor}", f"{tables.name}: shares of the gain", heads, rows, folded=True)
    yield quantity_table(f"quantities_{anchor}", f"{tables.name}: every quantity", tables.quantities, _KINDS)
