"""Which engine generates; a further one is a function (`Engine`) and a row of ENGINES."""

from src.evaluate.engine.continuous import continuous
from src.evaluate.engine.decoding import Decoding, Engine
from src.evaluate.engine.plain import plain

ENGINES: dict[str, Engine] = {"plain": plain, "continuous": continuous}


def resolved(name: str) -> str:
    """The engine that a name of `evaluate.engine` stands for."""
    return "continuous" if name == "auto" else name


def engine_for(name: str, decoding: Decoding) -> Engine:
    """The engine of a name; answers that are drawn at random come from `generate` of transformers."""
    return plain if decoding.options.get("do_sample") else ENGINES[resolved(name)]
