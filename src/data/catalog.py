"""The sources of rows by name."""

from pathlib import Path

from src.config.data import DataConfig
from src.data.corpus import Corpus
from src.data.generated import Generated
from src.data.hub import Hub
from src.data.jsonl import Files
from src.data.source import Source
from src.storage.files import sha256_file

SOURCES: dict[str, Source] = {
    "file": Files(),
    "corpus": Corpus(),
    "generator": Generated(),
    "hub": Hub(),
}


def source_of(config: DataConfig) -> Source:
    """The source that a configuration chooses."""
    return SOURCES[config.source]


def content_of(config: DataConfig) -> list[str] | None:
    """What decides the rows and their text beside the settings and the code; None: only reading tells."""
    found, template = source_of(config).content(config), config.chat_template
    if found is None or template is None:
        return found
    return [*found, sha256_file(Path(template))] if Path(template).is_file() else None
