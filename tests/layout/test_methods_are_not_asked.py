"""What a method is like stands in its row of KINDS; nobody else compares its name."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from src.config.method import KINDS

SRC = Path(__file__).resolve().parents[2] / "src"
OWN = ("method/", "config/method.py")
CONTROLS = ("control/", "config/control.py")  # have kinds of their own, of which one is called none too


def asked(text: str) -> Iterator[str]:
    """Every comparison of a kind, but that of a control, with a method's name."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Compare):
            sides = [ast.unparse(side) for side in (node.left, *node.comparators)]
            names = {one.value for one in ast.walk(node) if isinstance(one, ast.Constant)} & set(KINDS)
            told = [side for side in sides if re.search(r"\.kind\b|KIND", side) and "control" not in side]
            if names and told:
                yield ast.unparse(node)


def test_no_room_asks_which_method_it_is():
    files = {str(path.relative_to(SRC)): path for path in SRC.rglob("*.py")}
    read = {name: path for name, path in files.items() if not name.startswith(OWN + CONTROLS)}
    assert len(read) > 300
    found = [f"{name}: {line}" for name, path in read.items() for line in asked(path.read_text())]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "arm.kind == 'lora'",
        "arm.kind not in ('pair', 'none')",
        "run.config.get(KIND) == 'none'",
        "'full' != config['method.kind']",
    ],
)
def test_a_comparison_is_seen(line):
    assert list(asked(f"if {line}: pass"))
