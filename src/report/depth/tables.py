"""The tables behind the findings, one CSV file each."""

from pandas import DataFrame

from src.analysis.depth.analysis import Depth
from src.analysis.depth.inferred import CELLS, SLOPE, WIDTH, labelled
from src.report.blocks import Table
from src.report.depth.blocks import frame_table

_CELL = {"label": "model", "kind": "kind", "wiring": "blocks", "size": "size", "objective": "objective"}
_WHAT = {"metric": "metric", "quantity": "quantity"}
_INTERVAL = {"low,high": "95 % interval"}
_MEAN = {"n": "seeds", "mean": "mean"} | _INTERVAL
_PARTS = {
    "n": "seeds", "standard": "standard", "standard_low,standard_high": "standard, 95 %",
    "equal_step": "equal-step", "equal_step_low,equal_step_high": "equal-step, 95 %",
    "removed": "removed", "removed_low,removed_high": "removed, 95 %",
    "share_removed": "share removed", "share_removed_low,share_removed_high": "share removed, 95 %",
    "share_kept": "share kept", "share_kept_low,share_kept_high": "share kept, 95 %",
}  # fmt: skip
_SHARES = (
    "Paired by seed. Share removed = (standard - equal-step) / standard, with Fieller's interval; missing "
    "where the standard slope cannot be told from 0. Above 1: the slope turned round; below 0: it became "
    "steeper."
)


def detail_tables(depth: Depth) -> list[Table]:
    """Every table of the study; those that have no row are left out."""
    made = (
        _decomposition(depth.decomposition),
        _groups(depth.groups),
        _contrasts(depth.contrasts),
        _positive(depth.positive),
        _ranks(depth.ranks),
        _width(depth.width),
        _width_order(depth.width_order),
        _width_shares(depth.width_shares),
        _cells(depth.slopes),
        _families(depth.families),
    )
    return [table for table in made if table.rows]


def _decomposition(frame: DataFrame) -> Table:
    title = "What equal steps take from the slope of each cell, and what stays"
    return frame_table("depth_decomposition", title, frame, _CELL | _WHAT | _PARTS, _SHARES, folded=True)


def _groups(frame: DataFrame) -> Table:
    columns = {"wiring": "blocks", "size": "size", "objective": "objective", "num_cells": "cells"}
    note = f"Means over the cells that ran under both controls. {_SHARES}"
    title = "The same by wiring and size (transformers)"
    return frame_table("depth_groups", title, frame, columns | _WHAT | _PARTS, note, folded=True)


def _contrasts(frame: DataFrame) -> Table:
    columns = {"contrast": "contrast", "at": "at", "objective": "objective", "control": "control"} | _WHAT
    columns |= {"n": "seeds", "mean": "difference", "low,high": "95 % over seeds"}
    columns |= {"low_models,high_models": "95 % over models"}
    columns |= {"n_first": "models, first", "n_second": "models, second"}
    note = (
        "Only cells that ran under both controls. Control `removed`: how much more the control takes "
        "from the first side. Over models: what other models of these kinds would show (Welch); missing "
        "below two a side."
    )
    title = "Sequential - parallel, large - small"
    return frame_table("depth_contrasts", title, frame, columns, note, folded=True)


def _positive(frame: DataFrame) -> Table:
    columns = {"metric": "metric", "unit": "unit", "positive": "positive", "n": "of", "share": "share"}
    note = (
        "Exact binomial intervals (Clopper-Pearson), which take their units for independent; the seeds of a "
        "cell are not, so the row of the cells is the more careful one."
    )
    title = "Positive slopes under standard training"
    return frame_table("depth_positive", title, frame, columns | _INTERVAL, note)


def _ranks(frame: DataFrame) -> Table:
    columns = {"distance_kind": "distance", "architecture": "architecture", "n": "cells", "rho": "rho"}
    columns = _WHAT | columns | _INTERVAL | {"pvalue": "p", "least_pvalue": "least p"}
    note = (
        "Spearman's rho over cells (means over seeds). p: two-sided, by permuting cells within an "
        "architecture; least p is the smallest that so few cells allow. Interval: bootstrap over cells, "
        "missing below five. How the published distance was made is not known: both distances are inferred."
    )
    title = "Steepness against objective distance"
    return frame_table("depth_steepness", title, frame, columns if len(frame) else {}, note)


def _width(frame: DataFrame) -> Table:
    columns = {"metric": "metric", "architecture": "architecture", "kind": "kind", "wiring": "blocks"}
    columns |= {"num_models": "models", "num_cells": "cells"}
    note = f"{labelled(WIDTH)} Interval over seeds of these models."
    title = "Width by architecture, standard training"
    return frame_table("depth_width", title, frame, columns | _MEAN, note, folded=True)


def _width_order(frame: DataFrame) -> Table:
    columns = {"metric": "metric", "wider": "side"} | {"n": "seeds", "mean": "difference"}
    columns |= {"low,high": "95 % over seeds", "mean_models": "difference, models alike"}
    columns |= {"low_models,high_models": "95 % over models"}
    columns |= {"n_first": "models of the side", "n_second": "sequential decoders"}
    note = (
        f"{labelled(WIDTH)} Of objectives that both sides have. Over seeds: of these models. Over "
        "models: what other models of these kinds would show (Welch); claims about architecture need it."
    )
    title = "Width of other transformers minus that of sequential decoders"
    return frame_table("depth_width_order", title, frame, columns if len(frame) else {}, note)


def _width_shares(frame: DataFrame) -> Table:
    columns = {"metric": "metric", "explained_by": "explained by", "num_groups": "groups", "n": "models"}
    columns |= {"eta_squared": "eta²"} | _INTERVAL | {"omega_squared": "omega²"}
    columns |= {"between_architectures": "mixed model: architectures", "between_models": "models within"}
    columns |= {"between_cells": "objectives within", "between_seeds": "seeds"}
    note = (
        "Share of the variance of width over models (means over objectives and seeds); each row by itself, "
        "so that rows overlap. Models of unlike objectives are compared as they are. Interval: noncentral F. "
        "omega² is without what chance alone explains. Mixed model, over runs: random intercepts by "
        "restricted likelihood; its four shares add to 1; missing where they cannot be told apart."
    )
    return frame_table("depth_width_shares", "What explains width", frame, columns, note)


def _cells(frame: DataFrame) -> Table:
    columns = _CELL | {"control": "control"} | _WHAT | _MEAN | {"stderr": "error of one run"}
    note = (
        f"{labelled(SLOPE, WIDTH, CELLS)} "
        "Interval: Student's t over seeds; none where all seeds agree to the last digit. Error of one run: "
        "of its slope, from the scatter of its layers round the line; of its width, jackknife over its "
        "layers; the mean over seeds."
    )
    return frame_table("depth_cells", "Every cell", frame, columns, note, folded=True)


def _families(frame: DataFrame) -> Table:
    columns = {"metric": "metric", "family": "family", "control": "control", "cells": "cells"}
    columns |= {"num_cells": "number of cells", "depth": "depth"} | _MEAN
    return frame_table("depth_family_profiles", "Profiles by family", frame, columns, folded=True)
