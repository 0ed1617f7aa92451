"""Rows of plain English that need no network: pieces of passages, each with the topic it comes from."""

import platform
import textwrap
from importlib.util import find_spec
from pathlib import Path

from src.config.schema import DataConfig
from src.data.passages import training_topics, untaught_topics
from src.data.rows import Row, make_row
from src.data.source import Pool
from src.storage.files import sha256_file

TOPICS = {"english": training_topics, "english_untaught": untaught_topics}
SHORTEST = 0.5  # of data.piece_characters: what is left at the end of a passage is no piece below it


class Corpus:
    """`data.corpus`."""

    def load(self, config: DataConfig, num_further: int) -> Pool:
        """Every piece of the text."""
        return Pool(load_rows(config), None, f"{config.corpus}, {edition()}")

    def content(self, config: DataConfig) -> list[str] | None:
        """The text that this Python ships, and which part of it where it is not all."""
        spec = find_spec("pydoc_data.topics")
        part = [] if config.corpus == "english" else [str(config.corpus)]  # ids of before name no part
        return None if spec is None or spec.origin is None else [sha256_file(Path(spec.origin)), *part]


def load_rows(config: DataConfig) -> list[Row]:
    """Every piece of `config.corpus`, in the order of the text; held-out passages are not in it.

    A piece is as many whole words as `piece_characters` holds. It has the fields `text` and `topic`, the name
    of the chapter of CPython's reference: a label that nobody had to guess.

    Raises:
        DataError: the templates ask for another field.
    """
    rows = []
    for number, (passage, topic) in enumerate(TOPICS[str(config.corpus)]()):
        for text in pieces(passage, config.piece_characters):
            rows.append(make_row({"text": text, "topic": topic}, config, f"passage {number}"))
    return rows


def pieces(passage: str, size: int) -> list[str]:
    """A passage cut between words into pieces of at most `size` characters; short remains are left out."""
    found = textwrap.wrap(passage, size, break_on_hyphens=False)
    return [text for text in found if len(text) >= SHORTEST * size]


def edition() -> str:
    """Which text it is: the documentation changes a little between versions."""
    return f"Python {platform.python_version()}"
