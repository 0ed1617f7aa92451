"""The tables behind the findings, one CSV file each."""

from pandas import DataFrame

from src.analysis.depth.depth_study import DepthStudy
from src.analysis.depth.inferred import CELLS, SLOPE, WIDTH, labelled
from src.analysis.records import records
from src.report.columns import columns
from src.report.table import Column, Table

_READING = "reading"
"""As it is, as a null has it, and the excess over the null."""
_CELL = ("label", "kind", "wiring", "size", "objective")
_FURTHER = ("data", "method", "others")
"""What cells may differ in beside, such as the optimizer: mostly they do not, and tables are wide enough."""
_WHAT = ("metric", "quantity")
_MEAN = ("num_seeds", "value", "ci")
_PARTS = tuple(
    name
    for part in ("standard", "equal_step", "removed", "share_removed", "share_kept")
    for name in (part, f"{part}_ci")
)
_SHARES = (
    "Paired by seed. Share removed = (standard - equal-step) / standard, with Fieller's interval; missing "
    "where the standard slope cannot be told from 0. Above 1: the slope turned round; below 0: it became "
    "steeper."
)


def detail_tables(depth: DepthStudy) -> list[Table]:
    """Every table of the study; those that have no row are left out."""
    made = (
        _cells(depth.read("slopes")), _positive(depth.read("positive")), _ranks(depth.read("ranks")),
        _decomposition(depth.read("decomposition", False)), _groups(depth.read("groups", False)),
        _contrasts(depth.read("contrasts")), _width(depth.read("width")),
        _width_order(depth.read("width_order")), _width_shares(depth.read("width_shares")),
        _families(depth.families),
    )  # fmt: skip
    return [table for table in made if table.rows]


def _table(
    name: str, title: str, frame: DataFrame, heads: list[Column], note: str = "", folded: bool = True
) -> Table:
    return Table(f"depth_{name}", title, heads, records(frame), note, folded)


def _decomposition(frame: DataFrame) -> Table:
    title = "What equal steps take from the slope of each cell, and what stays"
    heads = columns(_READING, *_named_by(frame), *_WHAT, "num_seeds", *_PARTS)
    return _table("decomposition", title, frame, heads, _SHARES)


def _groups(frame: DataFrame) -> Table:
    title = "The same by wiring and size (transformers)"
    heads = columns(_READING, "wiring", "size", "objective", "num_cells", *_WHAT, "num_seeds", *_PARTS)
    note = f"Means over the cells that ran under both controls. {_SHARES}"
    return _table("groups", title, frame, heads, note)


def _contrasts(frame: DataFrame) -> Table:
    heads = columns(
        _READING, "contrast", "at", "objective", "control", *_WHAT, *_MEAN, "models", "num_first",
        "num_second", value="difference", ci="95 % over seeds",
    )  # fmt: skip
    note = (
        "Only cells that ran under both controls. Control `removed`: how much more the control takes "
        "from the first side. Over models: what other models of these kinds would show (Welch); missing "
        "below two a side."
    )
    return _table("contrasts", "Sequential - parallel, large - small", frame, heads, note)


def _positive(frame: DataFrame) -> Table:
    heads = columns(_READING, *_WHAT, "unit", "num_positive", "num_units", "share", "ci")
    note = (
        "Exact binomial intervals (Clopper-Pearson), which take their units for independent; the seeds of a "
        "cell are not, so the row of the cells is the more careful one. Cells of one model share its null."
    )
    title = "Slopes above 0 under standard training, and above those of the null"
    return _table("positive", title, frame, heads, note, folded=False)


def _ranks(frame: DataFrame) -> Table:
    heads = columns(
        _READING, *_WHAT, "distance_kind", "architecture", "num_cells", "rho", "ci", "p", "p_least"
    )
    note = (
        "Spearman's rho over cells (means over seeds). p: two-sided, by permuting cells within an "
        "architecture; least p is the smallest that so few cells allow. Interval: Bonett and "
        "Wright's over cells, missing below five. How the published distance was made is not known: both "
        "distances are inferred."
    )
    return _table("steepness", "Steepness against objective distance", frame, heads, note, folded=False)


def _width(frame: DataFrame) -> Table:
    heads = columns(_READING, "metric", "architecture", "kind", "wiring", "num_models", "num_cells", *_MEAN)
    note = f"{labelled(WIDTH)} Interval over seeds of these models."
    return _table("width", "Width by architecture, standard training", frame, heads, note)


def _width_order(frame: DataFrame) -> Table:
    heads = columns(
        _READING, "metric", "wider", *_MEAN, "value_models", "models", "num_first", "num_second",
        value="difference", ci="95 % over seeds", num_first="models of the side",
        num_second="sequential decoders",
    )  # fmt: skip
    note = (
        f"{labelled(WIDTH)} Of objectives that both sides have. Over seeds: of these models. Over "
        "models: what other models of these kinds would show (Welch); claims about architecture need it."
    )
    title = "Width of other transformers minus that of sequential decoders"
    return _table("width_order", title, frame, heads, note, folded=False)


def _width_shares(frame: DataFrame) -> Table:
    heads = columns(
        _READING, "metric", "explained_by", "num_groups", "num_models", "eta_squared", "ci", "omega_squared",
        "between_architectures", "between_models", "between_cells", "between_seeds",
    )  # fmt: skip
    note = (
        "Share of the variance of width over models (means over objectives and seeds); each row by itself, "
        "so that rows overlap. Models of unlike objectives are compared as they are. Interval: noncentral F. "
        "omega² is without what chance alone explains. Mixed model, over runs: random intercepts by "
        "restricted likelihood; its four shares add to 1; missing where they cannot be told apart."
    )
    return _table("width_shares", "What explains width", frame, heads, note, folded=False)


def _cells(frame: DataFrame) -> Table:
    named = _named_by(frame)
    heads = columns(_READING, *named, "control", *_WHAT, *_MEAN, "run_stderr")
    order = [*named, "control", *_WHAT]
    frame = frame.sort_values(order, kind="stable") if len(frame) else frame
    note = (
        f"{labelled(SLOPE, WIDTH, CELLS)} Relative slope: over the mean change behind the blocks; inner: of "
        "the layers 1 to L - 1 alone. The absolute slope of a null grows with the size of its push. "
        "Interval: Student's t over seeds, of widths and centres by their logit; none where all seeds agree "
        "to the last digit. Error of one run: "
        "of its slope, from the scatter of its layers round the line; of its width, jackknife over its "
        "layers; the mean over seeds."
    )
    return _table("cells", "Every cell", frame, heads, note)


def _named_by(frame: DataFrame) -> list[str]:
    """The columns that tell cells apart; those of `_FURTHER` only where they do."""
    return [*_CELL, *(name for name in _FURTHER if name in frame and frame[name].nunique() > 1)]


def _families(frame: DataFrame) -> Table:
    heads = columns(
        "metric", "family", "control", "cells", "num_cells", "depth", *_MEAN, num_cells="number of cells"
    )
    return _table("family_profiles", "Profiles by family", frame, heads)
