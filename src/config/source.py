"""The settings of each source of rows, and what is known of a source before anything heavy is imported.

A new source has its settings here (keys of its own as `declare(neutral=...)`), a row in KINDS, a class in
src/data and a row of SOURCES there, and a file in conf/data.
"""

from dataclasses import dataclass
from typing import Any

from src.config import rules
from src.config.keys import PATH, declare


@dataclass(kw_only=True)
class FileSettings:
    """JSONL files of this machine."""

    path: str | None = declare(hashed=False, place=PATH)
    """Local file, one JSON object a line or one array of them; takes precedence over the hub."""
    test_path: str | None = declare(hashed=False, place=PATH)
    """File the test rows come from; null: they are cut from `path`."""

    def __post_init__(self) -> None:
        if self.path is None and self.test_path is not None:
            rules.refuse("data.test_path", self.test_path, "null, or a file beside data.path")
        if self.path is not None and rules.same_file(self.path, self.test_path):
            rules.refuse(
                "data.test_path", self.test_path, "another file than data.path: the splits would overlap"
            )


@dataclass(kw_only=True)
class CorpusSettings:
    """Text that comes with the machine."""

    corpus: str | None = declare(hashed=False, among=("english", "english_untaught"))
    """Text that comes with the machine: `english`, passages of the documentation that CPython ships, or
    `english_untaught`, the quarter of them that no twin is pretrained on."""
    piece_characters: int = declare(hashed=False, least=16)
    """Of a corpus: passages are cut, between words, into pieces of about this length. [characters]"""


@dataclass(kw_only=True)
class GeneratorSettings:
    """Rows made on the spot."""

    generator: str | None
    """Name of a reasoning-gym data set to generate rows with."""
    generator_options: dict[str, Any]
    """What the generator takes; its documentation lists it."""


@dataclass(kw_only=True)
class HubSettings:
    """A data set on the hub."""

    id: str | None = declare(was="hub_id", place=PATH)
    """Data set on the hub, or a folder that `datasets` can load; used when none of `path`, `corpus` and
    `generator` is set."""
    hub_config: str | None
    """Its configuration on the hub, such as main."""
    min_characters: int = declare(hashed=False, least=0)
    """Of the hub: records without a field of this length, such as headings, are left out. [characters]"""
    train_split: str | None
    """Split of the hub that training rows and probe rows come from."""
    test_split: str | None
    """Split of the hub that test rows come from; null: they are cut from `train_split`."""


@dataclass(kw_only=True)
class ChatSettings:
    """Records that are conversations."""

    form: str = declare(neutral="fields", among=("fields", "chat"))
    """What a record of a file or of the hub is: fields, which the templates put into a text, or chat, a
    conversation: messages, conversations (ShareGPT), prompt and completion, or instruction and output."""
    chat_template: str | None = declare(neutral=None, hashed=False, place=PATH)
    """File of a Jinja template in the place of the tokenizer's own."""
    supervise: str = declare(neutral="all", among=("all", "last"))
    """Of a chat: the loss looks at the answers of the assistant, all or only the last."""
    system: str = declare(neutral="keep")
    """Of a chat: keep (system messages as they are), drop, or the text of one for every row. Without one, a
    template may write its own."""

    def __post_init__(self) -> None:
        if not self.system.strip():
            rules.refuse("data.system", self.system, "keep, drop or a text")


@dataclass(frozen=True)
class SourceKind:
    """What is known of a source before anything heavy is imported."""

    key: str
    """The key that chooses it, where it is not null."""
    told: str
    """Where the rows come from, for a person; the names in braces are keys."""
    remote: bool = False
    """Its rows lie elsewhere, and may not be there to be read."""
    imports: tuple[str, ...] = ()
    """What a run imports for it sooner or later."""
    counted: bool = False
    """It has as many rows as are asked for, and no others."""
    reads: bool = False
    """It reads records of somebody else's, whose form `data.form` says."""


KINDS = {
    "file": SourceKind("path", "{path}", reads=True),
    "corpus": SourceKind("corpus", "text of this machine: {corpus}"),
    "generator": SourceKind("generator", "generated: {generator}", imports=("reasoning_gym",), counted=True),
    "hub": SourceKind("id", "{id}", remote=True, reads=True),
}
"""The first whose key is set is the source."""
