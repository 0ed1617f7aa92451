"""What a carrier does: enough by itself, needed by the rest, and both of random carriers of its size."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from numpy import ndarray

from src.carrier.masked_update import MaskedUpdate
from src.carrier.masks import Masks
from src.intervene.engine.gates import BASE, TUNED, Gate, Pattern
from src.intervene.engine.item_table import Arrays, collect
from src.intervene.engine.items import ItemBatch
from src.intervene.engine.scoring import gold
from src.intervene.engine.variants import run
from src.intervene.pair import Pair
from src.runtime.preemption import stop_if_asked
from src.runtime.seeding import generator
from src.storage.cache import code_fingerprint

CARRIER, REST = "carrier", "rest"
ENDS = ("base", "tuned")


def carriers(masks: Masks, num_random: int) -> Iterator[tuple[str, Masks]]:
    """The carrier itself, then random ones with as many masks on in every group."""
    yield CARRIER, masks
    for number in range(num_random):
        yield f"random {number}", masks.shuffled(generator(0, "random carrier", number))


def score_carriers(
    pair: Pair,
    update: MaskedUpdate,
    masks: Masks,
    num_random: int,
    folder: Path,
    key: Any,
    done: Callable[[], object] = lambda: None,
) -> Arrays:
    """[item] scores by variant, in nats a token.

    `base` and `tuned`; `carrier` with its masked update alone and `carrier rest` with all but it; the same of
    `random N` and `random N rest`.

    Args:
        pair: what is asked, and the items.
        update: of the same pair.
        masks: of the carrier.
        num_random: how many random carriers.
        folder: for the batches that are done.
        key: what decides the numbers beside the items.
        done: called after every batch.
    """
    gates, (items, *_) = pair.replay.gates, pair.scores

    def compute(batch: ItemBatch) -> tuple[ndarray, Arrays]:
        found = {
            name: _score(pair, batch, gates.pattern(dict.fromkeys(gates.parts, gate)))
            for name, gate in zip(ENDS, (BASE, TUNED), strict=True)
        }
        for name, one in carriers(masks, num_random):
            for rest in (False, True):
                with named(update, one, rest) as pattern:
                    found[f"{name} {REST}" if rest else name] = _score(pair, batch, pattern)
        return batch.numbers.numpy(), found

    code = code_fingerprint("carrier", "intervene/engine", "model", "data")
    full_key = [key, num_random, items.ids, items.content, code]
    with pair.replay.running():
        return collect(folder, full_key, items.batches, compute, done)


@contextmanager
def named(update: MaskedUpdate, masks: Masks, rest: bool = False) -> Iterator[Pattern]:
    """Inside, the pattern of the model that runs with the masked update, or with what it leaves of it."""
    gates = update.gates
    update.add(CARRIER, masks, rest)
    try:
        yield gates.pattern(dict.fromkeys(gates.parts, Gate(1.0, CARRIER)))
    finally:
        update.forget(CARRIER)


def _score(pair: Pair, batch: ItemBatch, pattern: Pattern) -> ndarray:
    """[row], the mean log-probability of the gold tokens."""
    stop_if_asked()
    return gold(run(pair.replay, batch, pattern).log_softmax(dim=-1), batch).cpu().numpy()
