"""Who imports whom, read from the source: rooms are the packages and modules directly under `src/`."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

Dotted = tuple[str, ...]
"""A module, or a name in one, by its path below src."""


class Import(NamedTuple):
    """One import between rooms: `module`, of the room `room`, takes something from the room `target`."""

    module: str
    room: str
    target: str


def imports_between_rooms(src: Path) -> list[Import]:
    """Every import from one room to another, those inside functions and for the type checker alone too."""
    return sorted(
        {
            Import(".".join(module), module[0], target[0])
            for module, targets in _read(src)
            for target in targets
            if target[0] != module[0]
        }
    )


def imports_between_modules(src: Path) -> dict[str, set[str]]:
    """Which modules each one imports, those inside functions and for the type checker alone too.

    A package is a module by what its `__init__.py` imports. Whoever imports from inside a package imports
    it as well, but for what lies inside itself.
    """
    read = dict(_read(src))
    return {
        ".".join(module): {
            ".".join(target[:length])
            for target in targets
            for length in range(1, len(target) + 1)
            if target[:length] in read and target[:length] != module[:length]
        }
        for module, targets in read.items()
    }


def _read(src: Path) -> Iterator[tuple[Dotted, list[Dotted]]]:
    """Each module and what it imports from `src`, as their paths below it."""
    for path in sorted(src.rglob("*.py")):
        parts = path.relative_to(src).with_suffix("").parts
        module = parts[:-1] if parts[-1] == "__init__" else parts
        if module:
            yield module, list(_targets(ast.parse(path.read_text()), parts[:-1]))


def is_command(module: str) -> bool:
    """Whether a module is what `python -m ROOM` starts."""
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
    return [i for i in imports if floors[i.target] >= floors[i.room]]


def _targets(tree: ast.Module, package: Dotted) -> Iterator[Dotted]:
    """What a module in `package` (its path below src) imports from src, each name by itself."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [tuple(alias.name.split(".")) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = tuple(node.module.split(".")) if node.module else ()
            if node.level:
                base = ("src", *package[: len(package) - node.level + 1], *base)
            names = [(*base, alias.name) for alias in node.names]
        else:
            continue
        yield from (name[1:] for name in names if name[0] == "src" and name[1:] not in ((), ("__version__",)))
