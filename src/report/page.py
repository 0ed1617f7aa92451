"""One HTML file that needs nothing else: plotly, the figures and the style are inside."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from src.report.crowd import MOST_ROWS
from src.report.parts import Chart, Part
from src.report.plotly_figure import plotly_figure
from src.report.table import Table
from src.statistics.claim import WORDS

_ASSETS = Path(__file__).parent / "assets"


def html_page(
    title: str,
    lead: Sequence[str],
    facts: Mapping[str, str],
    parts: Sequence[Part],
    closing: str,
    made_up: bool,
) -> str:
    """The whole page: what was run, pictures, tables, one closing line for what is not shown."""
    from plotly.offline import get_plotlyjs

    charts = {
        chart.name: {name: _sharing(plotly_figure(plot)) for name, plot in chart.plots.items()}
        for part in parts
        for chart in part.charts
    }
    return _template().render(
        title=title, lead=lead, facts=facts, parts=parts, closing=closing, made_up=made_up,
        charts=_json(charts), style=_asset("page.css"), script=_asset("page.js"),
        plotly=Markup(get_plotlyjs()),
    )  # fmt: skip


def _sharing(figure: dict[str, Any]) -> dict[str, Any]:
    """A figure in which an x of several traces stands once, under `shared`, and its place there in them."""
    places: dict[tuple[Any, ...], int] = {}
    data = []
    for trace in figure["data"]:
        place = places.setdefault(tuple(trace["x"]), len(places))
        data.append(trace | {"x": place})
    return figure | {"data": data, "shared": list(places)}


@cache
def _template() -> Template:
    loader = FileSystemLoader(_ASSETS)
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.tests |= {
        "table": lambda block: isinstance(block, Table),
        "chart": lambda block: isinstance(block, Chart),
    }
    environment.globals["most_rows"] = MOST_ROWS
    environment.globals["verdicts"] = {word: word for word in WORDS}
    return environment.get_template("page.html.j2")


def _asset(name: str) -> Markup:
    return Markup((_ASSETS / name).read_text(encoding="utf-8"))


def _json(value: object) -> Markup:
    """JSON that cannot end the script it stands in."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"), ensure_ascii=False)
    return Markup(text.replace("</", "<\\/"))
