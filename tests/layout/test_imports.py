"""The order of imports that src/README.md states holds."""

from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.layout.imports import (
    Import,
    imports_between_modules,
    imports_between_rooms,
    is_command,
    read_floors,
    upward,
)

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src"
FLOORS = read_floors(SRC / "README.md")
MOST_FLOORS = 13
LARGEST_ROOM = 0.12  # of all lines


def rooms() -> set[str]:
    return {
        path.stem
        for path in SRC.iterdir()
        if (path.is_dir() and any(path.glob("*.py"))) or path.suffix == ".py"
    } - {"__init__"}


def test_the_page_names_every_room_and_no_other():
    assert set(FLOORS) == rooms()


def test_no_import_points_upward():
    assert upward(imports_between_rooms(SRC), FLOORS) == []


def test_no_module_imports_its_way_back_to_itself():
    """Inside a room too: an import inside a function, or for types alone, hides no circle."""
    TopologicalSorter(imports_between_modules(SRC)).prepare()


def test_nobody_imports_a_command():
    found = imports_between_modules(SRC)
    assert [f"{one} imports {other}" for one in found for other in found[one] if is_command(other)] == []


def test_floors_are_few_and_none_is_empty():
    assert sorted(set(FLOORS.values())) == list(range(1, max(FLOORS.values()) + 1))
    assert max(FLOORS.values()) <= MOST_FLOORS


def test_no_room_is_too_large():
    def lines(path: Path) -> int:
        return sum(
            len(file.read_text().splitlines()) for file in ([path] if path.is_file() else path.rglob("*.py"))
        )

    sizes = {path.stem: lines(path) for path in SRC.iterdir() if path.suffix != ".md"}
    largest = max(sizes, key=sizes.__getitem__)
    assert sizes[largest] <= LARGEST_ROOM * sum(sizes.values()), largest


LINES = pytest.mark.parametrize(
    "line",
    [
        "import src.high.thing",
        "from src.high import thing",
        "from src.high.thing import name",
        "from src import high",
        "from ..high import thing",
        "from .. import high",
        "def late():\n    from src.high.thing import name",
        "if TYPE_CHECKING:\n    from src.high.thing import name",
    ],
)


@LINES
def test_an_import_upward_is_seen_however_it_is_written(line, tmp_path):
    (tmp_path / "low").mkdir()
    (tmp_path / "low" / "module.py").write_text(f"import os\nfrom src.low.other import name\n{line}\n")
    found = imports_between_rooms(tmp_path)
    assert found == [Import("low.module", "low", "high")]
    assert upward(found, {"low": 1, "high": 2}) == found
    assert upward(found, {"low": 2, "high": 1}) == []


@LINES
def test_a_circle_of_modules_is_seen_however_it_is_written(line, tmp_path):
    for room, text in {"low": line, "high": ""}.items():
        (tmp_path / room).mkdir()
        (tmp_path / room / "__init__.py").write_text("")
        (tmp_path / room / "thing.py").write_text(text)
    TopologicalSorter(imports_between_modules(tmp_path)).prepare()
    (tmp_path / "high" / "__init__.py").write_text("def later():\n    from src.low import thing")
    with pytest.raises(CycleError):
        TopologicalSorter(imports_between_modules(tmp_path)).prepare()


def test_two_rooms_on_one_floor_do_not_know_each_other():
    assert upward([Import("a.module", "a", "b")], {"a": 1, "b": 1})


def test_a_command_is_a_part_of_its_room(tmp_path):
    (tmp_path / "low").mkdir()
    (tmp_path / "low" / "__main__.py").write_text("from src.high.thing import name\n")
    assert upward(imports_between_rooms(tmp_path), {"low": 1, "high": 2})


def test_a_room_that_the_page_names_twice_is_refused(tmp_path):
    page = tmp_path / "README.md"
    page.write_text("| 1 | `errors` | x |\n| 2 | `config`, `errors` | x |\n")
    with pytest.raises(AssertionError, match="errors twice"):
        read_floors(page)


def test_no_two_test_files_share_a_name():
    """Test folders are no packages, so that of two files of one name only the first would be collected."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))
