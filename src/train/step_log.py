"""steps.jsonl: one line an optimizer step."""

import json
from pathlib import Path
from typing import Any

from src.storage.files import read_jsonl, storage_errors, write_jsonl


class StepLog:
    """Appends a line a step; on resume, lines past the checkpoint are dropped: they are done again.

    With `keeps` false, as on every rank but the first, nothing is written.
    """

    def __init__(self, path: Path, num_done: int, keeps: bool = True) -> None:
        self.path, self.keeps = path, keeps
        if not keeps:
            return
        kept = [row for row in read_jsonl(path) if row["step"] <= num_done] if path.exists() else []
        write_jsonl(path, kept)

    def append(self, row: dict[str, Any]) -> None:
        """Write one step and hand it to the operating system at once."""
        if not self.keeps:
            return
        with storage_errors(self.path), self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, allow_nan=False) + "\n")

    def rows(self) -> list[dict[str, Any]]:
        """All steps so far."""
        return read_jsonl(self.path) if self.keeps else []
