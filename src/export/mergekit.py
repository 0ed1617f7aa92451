"""mergekit: the tuned blocks in the base's stack."""

from src.errors import DataError
from src.export.form import Form, about, as_yaml
from src.export.handover import Handover


def to_mergekit(run: Handover) -> list[Form]:
    """A passthrough merge: the band from base + adapter, the rest from the base alone.

    Raises:
        DataError: full weights (a merged folder is needed first), or a base whose name holds a plus sign.
    """
    if not run.low_rank:
        raise DataError("--to mergekit: given full weights; accepted: --merged FOLDER")
    if "+" in run.base:
        raise DataError(f"--to mergekit: given the base {run.base}; accepted: a name without a plus sign")
    notes = ["mergekit wants whole paths or hub ids; change both where the files lie elsewhere"]
    base = f"{run.base}@{run.revision}" if run.revision else run.base
    tuned = f"{base}+{run.adapter.resolve()}"
    slices = [
        {"sources": [{"model": tuned if inside else base, "layer_range": [start, stop]}]}
        for inside, start, stop in _stretches(run)
    ]
    values = {"merge_method": "passthrough", "slices": slices, "dtype": "float32", "tokenizer_source": "base"}
    return [Form("mergekit.yaml", as_yaml(about(run, "mergekit-yaml"), values, notes), notes)]


def _stretches(run: Handover) -> list[tuple[bool, int, int]]:
    """Neighbouring blocks that all trained, or all did not: (trained, first, one past the last)."""
    found: list[tuple[bool, int, int]] = []
    for block in range(run.num_blocks):
        inside = block in run.blocks
        if found and found[-1][0] == inside:
            found[-1] = (inside, found[-1][1], block + 1)
        else:
            found.append((inside, block, block + 1))
    return found
