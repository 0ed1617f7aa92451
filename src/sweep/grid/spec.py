"""A sweep's file: a Hydra primary config, with an optional section `sweep` for what a grid cannot say.

hydra.sweeper.params        a grid, as `python -m src.run --config-dir sweeps --config-name NAME` reads it
sweep.launcher              a file of conf/hydra/launcher; where the jobs go
sweep.cells                 a list; each a mapping as hydra.sweeper.params, crossed with that grid, its own
                            keys first; with `launcher` and keys hydra.launcher.* for its own resources
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from src.command.compose import read_overrides
from src.command.explain import CONFIG_ERRORS, one_line
from src.config.rules import refuse
from src.errors import ConfigError
from src.sweep.grid.as_written import check_as_written

_LAUNCHER = "hydra.launcher."
_KEYS = ("launcher", "cells")
PRINT = "print"
"""In place of a launcher: scripts are written for a cluster, and nothing is submitted."""


@dataclass(frozen=True)
class Cell:
    """One run to be, as overrides of the sweep's own config."""

    overrides: tuple[str, ...]
    launcher: str
    resources: tuple[str, ...]
    """Overrides of the launcher's file, hydra.launcher.KEY=VALUE."""


@dataclass(frozen=True)
class Sweep:
    """A sweep's file, read."""

    name: str
    path: Path
    base: dict[str, Any]
    """The primary config without its grid and cells."""
    cells: list[Cell]


def read_sweep(path: Path, overrides: list[str], launcher: str | None) -> Sweep:
    """Read a sweep's file and expand its grids.

    Args:
        path: The YAML file.
        overrides: KEY=VALUE for every cell; they win over the file, and may be lists of values.
        launcher: Replaces every launcher of the file; None: as the file says, local where it says nothing.
            print: as the file says, slurm where it says nothing or local.

    Raises:
        ConfigError: the file is missing, is no sweep, or an override cannot be read.
    """
    base = _load(path)
    section = base.pop("sweep", None) or {}
    hydra = _mapping("hydra", base.get("hydra"))
    sweeper = _mapping("hydra.sweeper", hydra.get("sweeper"))
    params = _mapping("hydra.sweeper.params", sweeper.get("params"))
    base["hydra"] = {key: value for key, value in hydra.items() if key not in ("sweeper", "mode")}
    _check_section(section)
    given = dict(_split(override) for override in overrides)
    cells = []
    for cell in section.get("cells") or [{}]:
        values = {**cell, **{key: value for key, value in params.items() if key not in cell}}
        asked = str(values.pop("launcher", None) or section.get("launcher") or "local")
        where = launcher or asked
        if launcher == PRINT:  # the resources that the file says; of a file that says none, SLURM's
            where = "slurm" if asked == "local" else asked
        cells += _grid(values | given, where)
    return Sweep(path.stem, path, base, cells)


def _load(path: Path) -> dict[str, Any]:
    if not path.is_file():
        refuse("sweep", str(path), "a YAML file, such as sweeps/quickstart.yaml")
    try:
        found: Any = OmegaConf.to_container(OmegaConf.load(path), resolve=False)
        check_as_written(path)
    except (YAMLError, OSError, OmegaConfBaseException, RecursionError, ValueError) as error:
        raise ConfigError(f"{path}: cannot be read as YAML ({' '.join(str(error).split())})") from error
    if not isinstance(found, dict) or not isinstance(found.get("defaults"), list):
        refuse(str(path), "no list `defaults`", "a Hydra primary config, with `defaults: [config, _self_]`")
    found["defaults"] = [_present(one) for one in found["defaults"]]
    return found


def _present(default: Any) -> Any:
    """An entry of the defaults list; presets were chosen by `override experiment` before."""
    if not isinstance(default, dict):
        return default
    for key in default:
        if not isinstance(key, str) or not key.strip("/ "):
            refuse("defaults", default, "names of files, or GROUP: NAME")
    names = {key: re.sub(r"^(override )?/?experiment$", r"\1preset", key) for key in default}
    return {names[key]: _pattern(key.split()[-1].strip("/"), value) for key, value in default.items()}


def _mapping(key: str, found: Any) -> dict[str, Any]:
    """The mapping under a key; where there is none, an empty one."""
    if not isinstance(found or {}, dict):
        refuse(key, found, "a mapping of keys to values")
    return dict(found or {})


def _check_section(section: Any) -> None:
    if not isinstance(section, dict):
        refuse("sweep", section, "a mapping with the keys " + ", ".join(_KEYS))
    for key in section:
        if key not in _KEYS:
            refuse(f"sweep.{key}", section[key], "the keys " + ", ".join(_KEYS))
    cells = section.get("cells") or []
    if not isinstance(cells, list):
        refuse("sweep.cells", cells, "a list of mappings")
    for index, cell in enumerate(cells):
        if not isinstance(cell, dict):
            refuse(
                f"sweep.cells[{index}]", cell, "a mapping of keys to values, such as {method: lora, seed: 0}"
            )


def _grid(values: dict[str, Any], launcher: str) -> list[Cell]:
    """The cells of one mapping: the product of its lists of values, in the order of its keys."""
    lines = read_overrides([f"{key}={_text(_pattern(key, value))}" for key, value in values.items()])
    try:
        parsed = OverridesParser.create().parse_overrides(lines)
        (rows,) = BasicSweeper.split_arguments(parsed, None) if parsed else [[[]]]
    except (*CONFIG_ERRORS, ValueError) as error:  # Python reads no number of 5,000 digits
        raise ConfigError(one_line(error)) from error
    return [
        Cell(
            tuple(line for line in row if not line.startswith(_LAUNCHER)),
            launcher,
            tuple(line for line in row if line.startswith(_LAUNCHER)),
        )
        for row in rows
    ]


def _pattern(key: str, value: Any) -> Any:
    """A value of `band`: YAML reads a pattern without quotes as a number, and 01110 as an octal one."""
    if key != "band" or isinstance(value, str):
        return value
    if isinstance(value, list):
        return ",".join(str(_pattern(key, one)) for one in value)
    if isinstance(value, int) and re.fullmatch("1[01]{4}", str(value)):
        return str(value)
    return refuse(key, value, "a file of conf/band; quote a pattern, '01110', which YAML reads as a number")


def _text(value: Any) -> str:
    """A YAML value as the command line would give it."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return "[" + ",".join(_text(item) for item in value) + "]" if isinstance(value, list) else str(value)


def _split(override: str) -> tuple[str, str]:
    key, sign, value = override.partition("=")
    if not sign or not key:
        refuse("override", override, "KEY=VALUE, or KEY=VALUE,VALUE for several")
    return key, value
