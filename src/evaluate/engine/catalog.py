"""Which engine generates; a further one is a function (`Engine`) and a row of ENGINES."""

from src.evaluate.engine.continuous import continuous
from src.evaluate.engine.decoding import Decoding, Engine
from src.evaluate.engine.plain import plain

ENGINES: dict[str, Engine] = {"plain": plain, "continuous": continuous}


def engine_for(name: str, decoding: Decoding) -> Engine:
    """The engine of a name; `auto`, and any for answers that are drawn at random: the fastest that can."""
    if decoding.options.get("do_sample"):
        return plain
    return ENGINES["continuous" if name == "auto" else name]
