"""Every number of a finding is recomputed from a committed table, and no finding has another number."""

import re
from pathlib import Path

import pandas
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
LIST = yaml.safe_load((ROOT / "sweeps" / "results" / "numbers.yaml").read_text(encoding="utf-8"))
PAGES = {"sweeps/README.md": "## Massive activations", "README.md": "## Findings"}
"""Where the findings of a page begin."""
NAMES = re.compile(
    r"`[^`]*`|\]\([^)]*\)|\b(?:SmolLM2(?:-135M)?|GSM8K|Mid-Block|MiniLM|L2-SP)\b|\d{4}-\d\d-\d\d|^\d+\. |\b[\d.]+B\b|rank 16"
    r"|(?:middle|first|last) \d+ %|hold 0\b",
    re.M,
)
"""Digits that are no result: code, links, names of models and parts of the depth, days, numbers of a list."""


def plain(text):
    return " ".join(text.split())


def findings(page):
    """The text of a page's findings: to the next heading of the README, to the end of the page of studies."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = text[text.index(PAGES[page]) :]
    return found if page.startswith("sweeps") else found.split("\n## ")[0]


def recomputed(entry):
    """The entry's text with its numbers as the committed table has them."""
    folder = ROOT / "sweeps" / "results"
    table = pandas.read_csv(folder / entry["table"], dtype={"band": str, "against": str})
    table.columns = [name.replace(".", "_") for name in table.columns]
    rows = table.query(entry["rows"], engine="python") if "rows" in entry else table
    assert len(rows), "no such rows"
    asked = entry["values"].split("; ")
    if any(name in asked for name in rows.columns):
        assert len(rows) == 1, "a column stands for the value of one row"
    values = [eval(one, {"len": len}, dict(rows.items())) for one in asked]
    numbers = [float(one.iloc[0]) if isinstance(one, pandas.Series) else float(one) for one in values]
    shown = entry.get("shown", "+.3f").split()
    shown = shown * len(numbers) if len(shown) == 1 else shown
    assert entry["text"].count("{}") == len(numbers) == len(shown)
    texts = [format(int(x) if how == "d" else x, how) for x, how in zip(numbers, shown, strict=True)]
    return entry["text"].format(*texts)


@pytest.mark.parametrize("entry", LIST, ids=lambda entry: entry["id"])
def test_a_number_is_the_one_of_its_table(entry):
    assert recomputed(entry) in plain(findings(entry.get("page", "sweeps/README.md")))


@pytest.mark.parametrize("page", PAGES)
def test_no_finding_has_a_number_that_no_table_supports(page):
    mine = [one for one in LIST if one.get("page", "sweeps/README.md") == page]
    text = plain(NAMES.sub("", findings(page)))
    for entry in mine:
        pattern = re.escape(plain(NAMES.sub("", entry["text"]))).replace(r"\{\}", r"[-+\d.e]+")
        text = re.sub(pattern, "", text)
    assert re.findall(r"[^.]{0,40}\d[^.]{0,20}", text) == []


def test_ids_are_unique():
    assert len({one["id"] for one in LIST}) == len(LIST) > 30
