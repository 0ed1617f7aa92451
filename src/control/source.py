"""The finished run that `control.source` names: its record, and what its weights are. Imports no torch."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from src.config.rules import refuse
from src.method.spans import spans_text
from src.storage.files import fingerprint, read_object
from src.storage.manifest import NAME, damage

WEIGHTS = "adapter"
"""The folder of the tuned weights inside that of a run."""
FINISHED = "the folder of a finished run that trained something"


def source_record(folder: Path, accepted: str) -> dict[str, Any]:
    """The record of a run that has finished.

    Raises:
        ConfigError: there is none; it says what is `accepted`.
        StorageError: the record is damaged.
    """
    path = folder / "run.json"
    if not path.is_file():
        refuse_source(folder, "no run.json in it: no run, or an unfinished one", accepted)
    record = read_object(path)
    if record.get("status") != "success":
        reason = record.get("error")
        told = f"status {record.get('status')}" + (f": {reason}" if reason else "")
        refuse_source(folder, told, accepted)
    return record


def source_weights(folder: Path) -> str:
    """What the tuned weights of a finished run are, as one digest; ConfigError where they are not whole."""
    source_record(folder, FINISHED)
    if (found := damage(folder / WEIGHTS)) is not None:
        refuse_source(folder, f"its tuned weights are {found}", FINISHED)
    files = read_object(folder / WEIGHTS / NAME)["files"]
    return fingerprint({name: digest for name, digest in files.items() if name.endswith(".safetensors")})


def refuse_source(folder: Path, reason: str, accepted: str) -> NoReturn:
    """ConfigError: the folder, and why it cannot be the source."""
    refuse("control.source", f"{folder} ({reason})", accepted)


def refuse_blocks(
    folder: Path | str, found: Sequence[int], of: int, blocks: Sequence[int], num_blocks: int
) -> NoReturn:
    """ConfigError: a source that trained other blocks than this run."""
    accepted = f"a run that trained blocks {_words(blocks)} of {num_blocks}"
    refuse_source(Path(folder), f"trained blocks {_words(found)} of {of}", accepted)


def _words(blocks: Sequence[int]) -> str:
    return spans_text(blocks, ", ") or "none"
