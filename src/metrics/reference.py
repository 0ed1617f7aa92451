"""The reference of all metrics, made of the catalog and the docstrings; `python -m src.pages` writes it."""

import inspect
import re
from pathlib import Path

from src.metrics.catalog import METRICS, resolve
from src.metrics.metric import Metric

PATH = Path(__file__).parent / "REFERENCE.md"
_COLUMNS = ("metric", "family", "needs", "least rows", "meaning", "range", "unit", "source")
_NEEDS = {
    "pooled": "mean state of each row",
    "next": "mean state of each row, two layers",
    "tokens": "token states",
    "pair": "mean states, two models",
    "views": "augmented views of each row",
    "weights": "weights, two models",
    "matrices": "weights, two models",
    "row_gradients": "gradients on training rows",
    "mean_gradients": "gradients on training rows",
    "update_gradients": "gradients on training rows",
    "step_gradients": "gradients while training",
    "tensor_gradients": "gradients while training",
    "objectives": "gradients of two objectives",
    "lens": "output head",
    "lens_pair": "output head, two models",
    "lens_choices": "output head, two models",
    "lens_exits": "output head behind a map",
    "lens_text": "output head, whole texts",
}


def reference() -> str:
    """The reference as Markdown: one row a metric."""
    lines = [_COLUMNS, tuple(":--" for _ in _COLUMNS), *(_row(metric) for metric in METRICS.values())]
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return f"# Metrics\n\nGenerated from the docstrings by `python -m src.pages`.\n\n{table}\n"


def _row(metric: Metric) -> tuple[str, ...]:
    paragraphs = (inspect.getdoc(resolve(metric.function)) or "").partition("\n\nArgs:")[0]
    text = " ".join(paragraphs.split())
    source = re.search(r"Source: (.+)$", text)
    least = str(metric.min_samples) if metric.min_samples else "-"
    ranges = _sentence(text, "Range|At most|At least") or "-"
    told = f", {metric.unit or 'no unit'}"  # the column beside tells it
    cells = (_sentence(text, ""), ranges.replace(told, "", 1), metric.unit, source and source[1])
    return (
        f"`{metric.name}`",
        metric.family,
        _NEEDS[metric.needs],
        least,
        *((cell or "-").replace("|", "\\|") for cell in cells),
    )


def _sentence(text: str, start: str) -> str | None:
    """The first sentence that begins so; a full stop inside a number or an abbreviation does not end it."""
    found = re.search(rf"(?:^|(?<=\. ))((?:{start}).*?\.)(?= [A-Z`(]|$)", text)
    return found[1] if found else None
