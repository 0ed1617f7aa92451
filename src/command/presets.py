"""`experiment=NAME` names the folder of a run; where conf/preset has a file of that name, it is chosen too.

A preset names its folder like itself, so that choosing it says both.
"""

import difflib
import logging
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from src.config.rules import refuse

CONF = Path(__file__).resolve().parents[2] / "conf"
_LOG = logging.getLogger(__name__)
_EXPERIMENT = re.compile(r"[+]*experiment=(.+)")


def choose_presets(lines: Sequence[str]) -> list[str]:
    """The overrides with `preset=NAME` in the place of the name of an experiment that is one.

    Raises:
        ConfigError: of several names some are presets and some are not.
    """
    if any(line.startswith("preset=") for line in lines):
        return list(lines)
    return [_chosen(line) for line in lines]


def _chosen(line: str) -> str:
    found = _EXPERIMENT.fullmatch(line)
    if not found:
        return line
    names, presets = [name.strip("'\" ") for name in found[1].split(",")], choices("preset")
    known = [name for name in names if name in presets]
    if known and len(known) < len(names):
        refuse("experiment", found[1], "one new name, or presets alone: " + ", ".join(presets))
    if known:
        _tell(f"experiment={found[1]}: chooses preset={found[1]} as well, which names the folder")
        return f"preset={found[1]}"
    near = difflib.get_close_matches(names[0], presets, n=1, cutoff=0.8)
    if near:
        _tell(f"experiment={names[0]}: a folder, no preset of that name (did you mean {near[0]}?)")
    return line


@cache
def choices(group: str) -> tuple[str, ...]:
    """The names that a group of conf/ can be given."""
    return tuple(sorted(path.stem for path in (CONF / group).glob("[!_]*.yaml")))


@cache
def _tell(text: str) -> None:  # once
    _LOG.warning(text)
