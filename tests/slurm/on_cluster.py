"""What the tests of a cluster look at in a run's folder."""

import json
from pathlib import Path


def steps_of(folder: Path) -> list[dict]:
    """The step log without what a clock told."""
    lines = (folder / "steps.jsonl").read_text().splitlines()
    return [{key: value for key, value in json.loads(line).items() if key != "seconds"} for line in lines]
