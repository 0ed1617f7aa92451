"""The vocabulary of tables: every stable column name, with the words over it and how its values are shown.

A name stands for one thing in every table and never changes: CSV files are read by it. The words may.
"""

from src.report.number_format import Show, count, decimals, pvalue, signed, significant, span
from src.report.table import Column

_TEXTS = {
    "advantage": "advantage over the whole stack", "against": "minus", "architecture": "architecture",
    "at": "at", "band": "band", "blocks": "blocks", "cells": "cells", "condition": "condition",
    "contrast": "contrast", "control": "control", "curve": "curve", "data": "data",
    "distance_kind": "distance",
    "explained_by": "explained by", "family": "family", "feature": "feature", "kind": "kind",
    "label": "model",
    "mcnemar": "McNemar p < 0.05", "method": "method", "metric": "metric",
    "model": "model", "name": "what",
    "objective": "objective", "others": "others", "plan": "setting",
    "player": "of", "published": "published", "quantity": "quantity",
    "rates": "rates chosen", "reading": "reading", "reference": "published for", "run": "run",
    "score_of": "score", "setting": "setting",
    "setting_value": "its value", "side": "runs", "size": "size", "stage": "stage", "task": "task",
    "unit": "unit", "verdict": "verdict",
    "wider": "side", "wiring": "blocks",
}  # fmt: skip
_WIDE_TEXTS = {
    "note": "note", "ours": "our runs", "other_setting": "not the published setting", "reason": "because",
    "rule": "rule", "source": "source",
}  # fmt: skip
_NUMBERS: dict[str, tuple[str, Show]] = {
    "after": ("after", decimals(3)),
    "as_high": ("as high", decimals(2)),
    "as_low": ("as low", decimals(2)),
    "as_moderate": ("as moderate", decimals(2)),
    "as_random": ("as random", decimals(2)),
    "baseline": ("loss before", decimals(4)),
    "before": ("before", decimals(3)),
    "between_architectures": ("mixed model: architectures", decimals(3)),
    "between_cells": ("objectives within", decimals(3)),
    "between_models": ("models within", decimals(3)),
    "between_rest": ("rest", decimals(3)),
    "between_rows": ("rows", decimals(3)),
    "between_seeds": ("seeds", decimals(3)),
    "by_chance": ("by lot", decimals(2)),
    "density": ("density", decimals(3)),
    "depth": ("depth", signed(3)),
    "detectable": ("smallest detectable", decimals(3)),
    "equal_step": ("equal-step", signed(3)),
    "eta_squared": ("eta²", decimals(3)),
    "gained": ("gained", signed(4)),
    "gap": ("ours − published", signed(3)),
    "gradient_norm": ("gradient norm", significant(4)),
    "gradient_ratio": ("gradient", decimals(2)),
    "kept": ("kept", signed(4)),
    "longer": ("more", signed(2)),
    "loss": ("loss", significant(4)),
    "more": ("kept more", signed(4)),
    "necessity": ("lost without", decimals(3)),
    "num_arms": ("arms", count),
    "num_cells": ("cells", count),
    "num_first": ("models, first", count),
    "num_groups": ("groups", count),
    "num_items": ("items", count),
    "num_models": ("models", count),
    "num_positive": ("positive", count),
    "num_seeds": ("seeds", count),
    "num_row_sets": ("sets of rows", count),
    "num_second": ("models, second", count),
    "num_trainable": ("trainable", count),
    "num_units": ("of", count),
    "omega_squared": ("omega²", decimals(3)),
    "p": ("p", pvalue),
    "p_between_rows": ("p of rows", pvalue),
    "p_between_seeds": ("p of seeds", pvalue),
    "p_holm": ("p (Holm)", pvalue),
    "p_least": ("least p", pvalue),
    "p_seeds": ("p, seeds only", pvalue),
    "price_of_all": ("price of all masks, nats", decimals(0)),
    "random_necessity": ("lost without random", decimals(3)),
    "random_sufficiency": ("random alone", decimals(3)),
    "removed": ("removed", signed(3)),
    "rho": ("rho", signed(3)),
    "run_stderr": ("error of one run", decimals(3)),
    "scale": ("alpha / rank", decimals(3)),
    "score": ("score", decimals(3)),
    "seed": ("seed", str),
    "selected_length": ("tokens", decimals(2)),
    "share": ("share", decimals(3)),
    "share_kept": ("share kept", decimals(3)),
    "share_removed": ("share removed", decimals(3)),
    "size_band": ("mean r, band", significant(3)),
    "size_whole": ("mean r, whole stack", significant(3)),
    "uneven_band": ("unevenness, band", decimals(2)),
    "uneven_whole": ("unevenness, whole stack", decimals(2)),
    "standard": ("standard", signed(3)),
    "step": ("step", count),
    "tau2": ("tau²", significant(3)),
    "sufficiency": ("alone", decimals(3)),
    "target": ("corrected", signed(3)),
    "target_stderr": ("its error", decimals(3)),
    "value": ("mean", signed(3)),
    "value_models": ("difference, models alike", signed(3)),
}
_INTERVALS: dict[str, tuple[str, Show]] = {
    "ci": ("95 % interval", signed(3)),
    "equal_step_ci": ("equal-step, 95 %", signed(3)),
    "gained_ci": ("95 %", signed(4)),
    "holm": ("interval at Holm's level", signed(3)),
    "kept_ci": ("95 %", signed(4)),
    "longer_ci": ("95 %", signed(2)),
    "models": ("95 % over models", signed(3)),
    "more_ci": ("95 %", signed(4)),
    "removed_ci": ("removed, 95 %", signed(3)),
    "score_ci": ("its 95 % interval", decimals(3)),
    "share_kept_ci": ("share kept, 95 %", signed(3)),
    "share_removed_ci": ("share removed, 95 %", signed(3)),
    "standard_ci": ("standard, 95 %", signed(3)),
}
"""An interval NAME or NAME_ci stands in a row as NAME_low and NAME_high."""
TESTED = ("value", "ci", "p_holm", "holm", "detectable", "num_seeds", "num_items")
"""Under which tests that belong together are shown."""


def columns(*names: str | Column, **titles: str) -> list[Column]:
    """The columns of some names, in order; `titles` gives other words to some of them.

    Raises:
        KeyError: a title for a column that is not among them.
    """
    found = [name if isinstance(name, Column) else column(name, titles.pop(name, "")) for name in names]
    if titles:
        raise KeyError(f"{', '.join(titles)}: among the titles, not among the columns")
    return found


def column(name: str, title: str = "") -> Column:
    """The column of a stable name; KeyError for a name outside the vocabulary."""
    if name in _INTERVALS:
        words, show = _INTERVALS[name]
        prefix = name.removesuffix("_ci")
        return Column((f"{prefix}_low", f"{prefix}_high"), title or words, span(show))
    if name in _NUMBERS:
        words, show = _NUMBERS[name]
        return Column((name,), title or words, show)
    wide = name in _WIDE_TEXTS
    return Column((name,), title or (_WIDE_TEXTS | _TEXTS)[name], numeric=False, wide=wide)


def setting_column(key: str) -> Column:
    """Of a setting that tells arms apart: its key in the configuration, a group's choice by the group."""
    name = key.removesuffix(".name")
    return Column((name,), name.replace("_", " "), numeric=False)
