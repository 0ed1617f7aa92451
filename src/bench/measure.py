"""How a ratio is measured: A and B in turn, so that a machine that slows down slows both."""

import statistics
import time
from collections.abc import Callable

from hydra import compose, initialize_config_dir

from src.command.compose import CONF, typed
from src.config.schema import RunConfig

PAIRS = 7


def ratio(first: Callable[[], object], second: Callable[[], object], pairs: int = PAIRS) -> float:
    """Median over neighbouring runs of seconds(first) / seconds(second), after one warm-up each."""
    first(), second()
    return statistics.median(seconds(first) / seconds(second) for _ in range(pairs))


def seconds(action: Callable[[], object]) -> float:
    """Wall-clock seconds of one call."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def config_of(*overrides: str) -> RunConfig:
    """The configuration that a command line with these overrides would give."""
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return typed(compose("config", overrides=list(overrides)))
