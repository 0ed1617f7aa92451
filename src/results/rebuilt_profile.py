"""The tables of a profile again, from what is committed of it: no model is run, and no weights are read.

A folder of committed tables has beside them, for every run: items-seed-S.npz and path-seed-S.npz, what the
task's items say under each variant and along the path; the same with `english-` before it; and where they
were asked for chosen-seed-S.npz and controls-seed-S.npz. seen.csv holds what was observed of the runs.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy import ndarray

from src.errors import DataError
from src.intervene.causal.chosen_sets import chosen_sets
from src.intervene.causal.controls import AMPLIFIED, control_quantities
from src.intervene.causal.hybrids import hybrids
from src.intervene.causal.measure import CONTROL_SEED, Found, exact_found, over_runs
from src.intervene.causal.profile import (
    NUM_SEGMENTS,
    no_gain,
    path_quantities,
    profile_additivity,
    quantities,
)
from src.intervene.causal.regret import chosen_quantities, random_sets
from src.intervene.causal.same_place import write_same_place
from src.intervene.causal.show import write_summaries
from src.intervene.causal.summary import contrasts, differences, summaries
from src.intervene.causal.tables import Seen, read_seen, write_of_items, write_of_seen
from src.intervene.causal.whole_path import residual_of
from src.intervene.engine.gates import OWN, MovedParts, Pattern
from src.intervene.engine.item_table import ItemTable, read_arrays
from src.intervene.engine.parts import Part, depth_order
from src.intervene.engine.scoring import EXACT
from src.intervene.quantity import Quantity, over_seeds, write_quantities
from src.intervene.swap.exchange import quantities as exchanged_quantities
from src.storage.files import read_object

TASK, ENGLISH = "logp", "english"
BESIDE = "beside"
"""In about.json: the folder beside with another task of the same model, and what both tasks are called."""
_ITEMS = "items-seed-*.npz"


class KeptParts(MovedParts):
    """The parts that a table of items tells of, by its second variant, in which all that moved is tuned."""

    def __init__(self, table: ItemTable) -> None:
        tuned = table.patterns[1]
        self.parts = depth_order(len(tuned) - 2)
        self._moved = [part for part, gate in zip(self.parts, tuned, strict=True) if gate.share]

    @property
    def moved(self) -> list[Part]:
        """Those whose gate is open in the tuned model."""
        return self._moved


def is_kept(folder: Path) -> bool:
    """Whether a folder holds the items of a profile."""
    return any(folder.glob(_ITEMS))


def rebuild(folder: Path, out: Path) -> None:
    """Write into `out` every table that what is in `folder` gives: without seen.csv those of items alone.

    Raises:
        DataError: items of a run are missing.
    """
    about = read_object(folder / "about.json")
    num_blocks, seen = about["num_blocks"], read_seen(folder)
    if (folder / "swap.csv").is_file():  # made of the same items
        tables = [ItemTable.read(path) for path in sorted(folder.glob(_ITEMS))]
        exchanged = [list(exchanged_quantities(KeptParts(one), one, TASK, NUM_SEGMENTS)) for one in tables]
        write_quantities(out / "swap.csv", over_seeds(exchanged))
    found = _of_runs(folder, about, seen)
    told = [(run, one) for run, mine in zip(about["runs"], found, strict=True) for one in mine]
    rows = over_runs(found)
    write_of_items(out, rows, [*summaries(rows, num_blocks), *differences(rows, num_blocks)], told)
    if seen:
        write_of_seen(out, rows, seen, about["trained"])
    for path in folder.parent.glob("*/about.json"):
        if is_kept(path.parent) and read_object(path).get("runs") == about.get("against"):
            write_summaries(out / "against.csv", list(contrasts(rows, _rows_of(path.parent), num_blocks)))
    beside = about.get(BESIDE)
    if beside and is_kept(folder.parent / beside["folder"]):
        write_same_place(out, tuple(beside["tasks"]), _rows_of(folder.parent / beside["folder"]), rows)


def _rows_of(folder: Path) -> list[Quantity]:
    """Of all runs of another folder of items."""
    return over_runs(_of_runs(folder, read_object(folder / "about.json"), read_seen(folder)))


def _of_runs(folder: Path, about: Mapping[str, Any], seen: Seen) -> list[list[Found]]:
    return [list(_of_run(folder, run, about, seen.get(run))) for run in about["runs"]]


def seed_of(run: str) -> str:
    """The seed in a run's name; DataError of a name without one."""
    found = re.search(r"-s(\d+)-", run)
    if found is None:
        raise DataError(f"{run}: tells no seed; accepted: runs, whose names do")
    return found[1]


def _of_run(
    folder: Path, run: str, about: Mapping[str, Any], seen: Mapping[str, ndarray] | None
) -> Iterator[Found]:
    """The scores of one run, the task first; older tables do not say who plays, and are by block."""
    seed, by_block = seed_of(run), about.get("players", "blocks") == "blocks"
    if not (folder / f"items-seed-{seed}.npz").is_file():
        raise DataError(f"{folder}: holds no items of {run}; accepted: items-seed-SEED.npz for every run")
    for score, prefix in ((TASK, ""), (ENGLISH, f"{ENGLISH}-")):
        if not (folder / f"{prefix}items-seed-{seed}.npz").is_file():
            continue
        table = ItemTable.read(folder / f"{prefix}items-seed-{seed}.npz")
        parts = KeptParts(table)
        path = folder / f"{prefix}path-seed-{seed}.npz"
        rows = list(quantities(parts, table, score, by_block))
        residual, change = math.nan, float(rows[0].values.mean())
        if by_block:
            if not path.is_file():
                raise DataError(f"{folder}: holds no path of {run}; accepted: {path.name} beside its items")
            slopes = read_arrays(path)
            residual = residual_of(slopes, change)
            rows += path_quantities(parts, slopes, score)
        if score == TASK:
            rows += _controls(folder, seed, parts)
            rows += _chosen(folder, seed, parts, rows, seen)
        additivity = profile_additivity(parts, table, score)
        found = [Found(score, rows, additivity, residual, list(hybrids(parts, table, score)))]
        if score == TASK and EXACT in about.get("scores", []):
            found.append(exact_found(parts, table, by_block))
        yield from (one for one in found if not no_gain(one.rows[0]))


def _controls(folder: Path, seed: str, parts: MovedParts) -> Iterator[Quantity]:
    """Of a folder in which every run has them."""
    if len(list(folder.glob("controls-seed-*.npz"))) == len(list(folder.glob(_ITEMS))):
        table = ItemTable.read(folder / f"controls-seed-{seed}.npz")
        made = {found: pattern for pattern in table.patterns if (found := _control(parts, pattern))}
        yield from control_quantities(parts, table, TASK, made)


def _control(parts: MovedParts, pattern: Pattern) -> tuple[str, str] | None:
    """Which control of which block a variant is; None of base and tuned model."""
    gates = dict(zip(parts.parts, pattern, strict=True))
    for part, gate in gates.items():
        if gate.share == AMPLIFIED and sum(other.share > 0 for other in gates.values()) > 1:
            return "amplified", f"block {part}"
        if gate.update != OWN:
            return gate.update, f"block {part}"
    alone = [part for part, gate in gates.items() if gate.share]
    return ("equal_norm", f"block {alone[0]}") if len(alone) == 1 else None


def _chosen(
    folder: Path, seed: str, parts: MovedParts, rows: Sequence[Quantity], seen: Mapping[str, ndarray] | None
) -> Iterator[Quantity]:
    """What the sets of blocks bring that each profile would choose; nothing where no profile was kept."""
    path = folder / f"chosen-seed-{seed}.npz"
    if path.is_file() and seen is not None:
        num_blocks = len(parts.parts) - 2
        moved = [part for part in parts.moved if isinstance(part, int)]
        sets = chosen_sets(rows, seen, moved, num_blocks)
        random = random_sets(moved, num_blocks, CONTROL_SEED)
        yield from chosen_quantities(parts, ItemTable.read(path), TASK, sets, random)
