"""Analyses that bring sections and pictures of their own: found by this table, known to nothing else here.

A new one is a module with `PLUGIN` and a line in `PLUGINS`. What it computes it asks of the material with
`material.get(its function)`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

from src.analysis.material import Material
from src.report.parts import Section
from src.report.plot import Plot

PLUGINS = {
    "depth": "src.report.depth.plugin",
    "causal": "src.report.causal.section",
    "patch": "src.report.vectors.patch_plugin",
    "steer": "src.report.vectors.steer_plugin",
    "lens": "src.report.lens.section",
    "bands": "src.report.segments.bands",
    "swap": "src.report.segments.swap",
    "merge": "src.report.segments.merge",
    "carrier": "src.report.carrier.section",
    "eraser": "src.report.eraser.section",
    "predictors": "src.report.predictors.plugin",
}
"""Name to module; that of an analysis of src/intervene is its own."""


@dataclass(frozen=True)
class Plugin:
    """What an analysis adds to the report."""

    depth: Sequence[Section] = ()
    """Sections beside the profiles by layer."""
    tables: Sequence[Section] = ()
    """Sections beside the other tables."""
    pictures: Sequence[Callable[[Material], Mapping[str, Plot]]] = field(default_factory=tuple)
    """Plots that are drawn as files, by the file's name; none where there is nothing to draw."""
    page: Callable[[Path, str], Path] | None = None
    """Of an analysis of finished runs: a page in the folder of its tables, under a name; its path."""


def plugins() -> list[Plugin]:
    """All of them, in the order of the table."""
    return [import_module(module).PLUGIN for module in PLUGINS.values()]


def page_of(name: str) -> Callable[[Path, str], Path] | None:
    """What writes the page of an analysis; None where it has none."""
    return import_module(PLUGINS[name]).PLUGIN.page if name in PLUGINS else None
