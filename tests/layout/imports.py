"""Who imports whom, read from the source: rooms are the packages and modules directly under `src/`."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple


class Import(NamedTuple):
    """One import between rooms: `module`, of the room `room`, takes something from the room `target`."""

    module: str
    room: str
    target: str


def imports_between_rooms(src: Path) -> list[Import]:
    """Every import from one room to another, those inside functions and for the type checker alone too."""
    found = set()
    for path in sorted(src.rglob("*.py")):
        parts = path.relative_to(src).with_suffix("").parts
        module = ".".join(parts)
        package = parts[:-1]
        for target in _targets(ast.parse(path.read_text()), package):
            if target != parts[0]:
                found.add(Import(module, parts[0], target))
    return sorted(found)


def is_command(module: str) -> bool:
    """Whether a module is what `python -m` starts: such modules stand above all rooms."""
    return module.endswith("__main__")


def read_floors(page: Path) -> dict[str, int]:
    """The floor of each room, by the numbered table of the page: `| 3 | `runtime` | ...`."""
    floors: dict[str, int] = {}
    for number, rooms in re.findall(r"^\| (\d+) \| ([^|]+) \|", page.read_text(), re.M):
        for room in re.findall(r"`(\w+)`", rooms):
            assert room not in floors, f"{page} names {room} twice"
            floors[room] = int(number)
    return floors


def upward(imports: list[Import], floors: dict[str, int]) -> list[Import]:
    """The imports that do not go to a lower floor. Where there is none, rooms make no circle either."""
    return [i for i in imports if not is_command(i.module) and floors[i.target] >= floors[i.room]]


def _targets(tree: ast.Module, package: tuple[str, ...]) -> Iterator[str]:
    """The rooms that a module in `package` (its path below src) imports from."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            dotted = [alias.name.split(".") for alias in node.names]
            yield from (name[1] for name in dotted if name[0] == "src" and len(name) > 1)
        elif isinstance(node, ast.ImportFrom):
            base = (node.module or "").split(".") if node.module else []
            if node.level:
                base = ["src", *package[: len(package) - node.level + 1], *base]
            if base[:1] == ["src"]:
                names = base[1:2] or [alias.name for alias in node.names]
                yield from (name for name in names if name != "__version__")
