"""The sources of rows by name."""

from src.config.data import DataConfig
from src.data.corpus import Corpus
from src.data.generated import Generated
from src.data.hub import Hub
from src.data.jsonl import Files
from src.data.source import Source

SOURCES: dict[str, Source] = {
    "file": Files(),
    "corpus": Corpus(),
    "generator": Generated(),
    "hub": Hub(),
}


def source_of(config: DataConfig) -> Source:
    """The source that a configuration chooses."""
    return SOURCES[config.source]
