"""Keeps the loading library from talking; what matters in its warnings is checked and raised here."""

from collections.abc import Iterator
from contextlib import contextmanager

from transformers.utils import logging


@contextmanager
def quiet(bars: bool = False) -> Iterator[None]:
    """Silence warnings inside the block, and progress bars too unless `bars`."""
    verbosity, had_bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    if had_bars and not bars:
        logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if had_bars and not bars:
            logging.enable_progress_bar()
