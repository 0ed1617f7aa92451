"""The relative sizes that another run's blocks moved by, read from its folder. Imports no torch."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from src.config.keys import hashed_keys
from src.config.rules import refuse
from src.config.schema import ControlConfig
from src.control.source import refuse_blocks, refuse_source, source_record, source_weights
from src.statistics.complete import complete
from src.storage.files import fingerprint, read_jsonl

Sizes = list[float | None]
"""One relative size a block; None where the block did not train."""
_ACCEPTED = "the folder of a finished run that logged its relative sizes"


@dataclass(frozen=True)
class Profile:
    """What a run under control=match_profile follows."""

    source: str
    steps: list[Sizes]
    """One entry a step; a single one where the mean over steps is followed."""
    constant: bool

    def at(self, step: int) -> Sizes:
        """The sizes of a step, counted from 0."""
        return self.steps[0 if self.constant else step]

    def check(self, blocks: Sequence[int], num_blocks: int, num_steps: int) -> None:
        """ConfigError unless every step has a size for exactly these blocks, and there are enough steps."""
        for sizes in self.steps:
            found = [block for block, size in enumerate(sizes) if size is not None]
            if len(sizes) != num_blocks or found != sorted(blocks):
                refuse_blocks(self.source, found, len(sizes), blocks, num_blocks)
        if not self.constant and len(self.steps) < num_steps:
            given = f"{self.source} ({len(self.steps)} steps)"
            accepted = f"a run of at least {num_steps} steps, or any with control.profile=mean"
            refuse("control.source", given, accepted)


def read_profile(config: ControlConfig) -> Profile:
    """The profile of `control.source`.

    Raises:
        ConfigError: there is no finished run there, or it did not log its relative sizes.
        StorageError: its record is damaged.
    """
    folder = Path(str(config.source))
    source_record(folder, _ACCEPTED)
    path = folder / "steps.jsonl"
    rows = read_jsonl(path) if path.is_file() else []
    steps: list[Any] = [row.get("block_relative_sizes") for row in rows]
    if not steps or not all(_is_profile(sizes) for sizes in steps):
        reason = "no relative sizes in its steps.jsonl; control.log_relative_sizes=true logs them"
        refuse_source(folder, reason, _ACCEPTED)
    if config.profile == "mean":
        means = [_mean(sizes) for sizes in zip(*steps, strict=True)]
        return Profile(str(folder), [means], constant=True)
    return Profile(str(folder), steps, constant=False)


def control_content(config: ControlConfig) -> dict[str, Any]:
    """What of a control decides a run's numbers; a source's folder is replaced by what is taken from it."""
    values = hashed_keys(config)
    if config.kind == "match_profile":
        values["sizes"] = fingerprint(read_profile(config).steps)
    if config.pushes and config.source is not None:
        values["source"] = source_weights(Path(config.source))
    return values


def _mean(sizes: Sequence[float | None]) -> float | None:
    known = complete(sizes)
    return None if known is None else sum(known) / len(known)


def _is_profile(sizes: Any) -> bool:
    if not isinstance(sizes, list) or not any(size is not None for size in sizes):
        return False
    return all(size is None or (isinstance(size, float) and size > 0) for size in sizes)
