"""One HTML file that needs nothing else: plotly, the figures and the style are inside."""

import json
from collections.abc import Sequence
from html import escape
from pathlib import Path

from src.report.blocks import Chart, Part, Table, Text
from src.report.summary import Fact

_ASSETS = Path(__file__).parent / "assets"
_VERDICTS = {"reproduced": "reproduced", "not reproduced": "not-reproduced", "undecided": "undecided"}


def html_page(
    title: str, lead: Sequence[str], facts: Sequence[Fact], parts: Sequence[Part], made_up: bool
) -> str:
    """The whole page."""
    from plotly.offline import get_plotlyjs

    charts = {
        block.name: dict(block.figures) for part in parts for block in part.blocks if isinstance(block, Chart)
    }
    links = "".join(f'<a href="#{_anchor(part)}">{escape(part.title)}</a>' for part in parts)
    warning = '<p class="made-up">Made-up data: nothing here was measured.</p>' if made_up else ""
    return "\n".join([
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">\n<link rel="icon" href="data:,">',
        f"<title>{escape(title)} · Strata</title>",
        f"<style>\n{_asset('page.css')}</style>\n</head>\n<body>",
        f"<header>\n<h1>{escape(title)}</h1>{warning}",
        *(f'<p class="lead">{escape(line)}</p>' for line in lead),
        f"{_facts(facts)}\n</header>\n<nav><div>{links}</div></nav>\n<main>",
        *(_part(part) for part in parts),
        "</main>\n<footer>Written by <code>python -m src.report</code>; tables as CSV beside it.</footer>",
        f'<script type="application/json" id="charts">{_json(charts)}</script>',
        f"<script>{get_plotlyjs()}</script>\n<script>\n{_asset('page.js')}</script>\n</body>\n</html>\n",
    ])  # fmt: skip


def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


def _json(value: object) -> str:
    """JSON that cannot end the script it stands in."""
    return json.dumps(value, allow_nan=False, separators=(",", ":"), ensure_ascii=False).replace("</", "<\\/")


def _anchor(part: Part) -> str:
    return part.title.lower().replace(" ", "-")


def _facts(facts: Sequence[Fact]) -> str:
    items = "".join(f"<li><b>{escape(fact.value)}</b><span>{escape(fact.name)}</span></li>" for fact in facts)
    return f'<ul class="facts">{items}</ul>'


def _part(part: Part) -> str:
    shown = {Table: _table, Chart: _chart, Text: _text}
    blocks = "\n".join(shown[type(block)](block) for block in part.blocks)
    return f'<section id="{_anchor(part)}">\n<h2>{escape(part.title)}</h2>\n{blocks}\n</section>'


def _text(block: Text) -> str:
    if block.bullets:
        return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in block.lines) + "</ul>"
    return "\n".join(f"<p>{escape(line)}</p>" for line in block.lines)


def _table(block: Table) -> str:
    heads = "".join(
        f"<th{_class(column.numeric and 'num')}>{escape(column.name)}</th>" for column in block.columns
    )
    rows = "\n".join(
        "<tr>" + "".join(
            f"<td{_class(column.numeric and 'num', column.wide and 'wide', _VERDICTS.get(cell))}>"
            f"{escape(cell)}</td>"
            for column, cell in zip(block.columns, row, strict=True)
        ) + "</tr>"
        for row in block.shown()
    )  # fmt: skip
    body = (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(block.title)}"><table>'
        f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}\n</tbody></table></div>{_note(block.note)}"
    )
    if block.folded:
        return f"<details><summary>{escape(block.title)}</summary>{body}</details>"
    return f"<h3>{escape(block.title)}</h3>{body}"


def _chart(block: Chart) -> str:
    options = "".join(f"<option>{escape(name)}</option>" for name in block.figures)
    label = escape(block.label or "show")
    choice = f"<label>{label}<select>{options}</select></label>" if len(block.figures) > 1 else ""
    named = f'data-chart="{escape(block.name)}" role="img" aria-label="{escape(block.title)}"'
    plot = f'<div class="plot" {named}></div>'
    return f'<h3>{escape(block.title)}</h3><div class="chart">{choice}{plot}</div>{_note(block.note)}'


def _note(text: str) -> str:
    return f'<p class="note">{escape(text)}</p>' if text else ""


def _class(*names: str | bool | None) -> str:
    found = " ".join(name for name in names if name)
    return f' class="{found}"' if found else ""
