"""The sections of patching and steering: they read well for someone who has never heard of either."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from src.analysis.material import Material
from src.analysis.records import records
from src.analysis.vector_tables import VectorTables, find_vectors, read_vectors
from src.report.columns import Column, columns
from src.report.intervened_page import blocks_of, facts_of, write_analysis
from src.report.parts import Block, Chart, Part, Section, Text
from src.report.plot import Plot
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


def section(analysis: str) -> Section:
    """That of `patch` or `steer`."""

    def build(material: Material) -> Sequence[Block]:
        return blocks_of(material, partial(find_vectors, analysis=analysis), partial(blocks, analysis))

    return Section(_TITLES[analysis], f"python -m src.intervene {analysis} RUN", build)


def page(analysis: str) -> Callable[[Path, str], Path]:
    """What writes the page of one folder of tables, with a PNG file a figure."""

    def write(folder: Path, name: str) -> Path:
        tables = read_vectors(folder, name)
        part, path = Part(_TITLES[analysis], blocks(analysis, tables)), folder / f"{analysis}.html"
        return write_analysis(path, name, part, plots(analysis, tables), facts_of(tables.about))

    return write


def blocks(analysis: str, tables: VectorTables) -> list[Block]:
    """Sentences, figures, tables."""
    anchor = f"{analysis}_{tables.name.replace('-', '_')}"
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
    rows = [row | {"ci_low": row["low"], "ci_high": row["high"]} for row in records(tables.summaries)]
    yield Table(f"shares_{anchor}", f"{tables.name}: shares of the gain", heads, rows, folded=True)
    score, who = Column(("score",), "score", numeric=False), Column(("blocks",), "of", numeric=False)
    heads = columns("quantity", who, score, "value", "ci", "p_holm", "num_seeds", "num_items")
    rows = [
        row | {"quantity": _KINDS[row["kind"]], "blocks": row["player"]} for row in records(tables.quantities)
    ]
    yield Table(f"quantities_{anchor}", f"{tables.name}: every quantity", heads, rows, folded=True)
