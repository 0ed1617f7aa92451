"""The rows."""

from dataclasses import dataclass
from typing import Any

from src.config import rules
from src.config.keys import declare


@dataclass(kw_only=True)
class DataConfig:
    """Rows of prompt and completion: their source, their text and their splits."""

    name: str
    """Which file of conf/data was chosen; reports show it."""
    hub_id: str | None
    """Data set on the hub; used when none of `path`, `corpus` and `generator` is set."""
    hub_config: str | None
    """Its configuration on the hub, such as main."""
    min_characters: int = declare(hashed=False)
    """Of the hub: records without a field of this length, such as headings, are left out. [characters]"""
    train_split: str | None
    """Split of the hub that training rows and probe rows come from."""
    test_split: str | None
    """Split of the hub that test rows come from."""
    path: str | None = declare(hashed=False)
    """Local JSONL file; takes precedence over the hub."""
    test_path: str | None = declare(hashed=False)
    """JSONL file the test rows come from; null: they are cut from `path`."""
    corpus: str | None = declare(hashed=False)
    """Text that comes with the machine: `english`, passages of the documentation that CPython ships."""
    piece_characters: int = declare(hashed=False)
    """Of a corpus: passages are cut, between words, into pieces of about this length. [characters]"""
    generator: str | None
    """Name of a reasoning-gym data set to generate rows with."""
    generator_options: dict[str, Any]
    """What the generator takes; its documentation lists it."""
    fields: list[str]
    """Fields a row must have; the templates below may use them."""
    prompt: str
    """Template of the prompt, such as "Question: {question}\\nAnswer:"."""
    completion: str
    """Template of the completion, such as " {answer}"."""
    label: str | None = declare(hashed=False)
    """Template of what objective=classification is to find, such as "{topic}"; null: rows have no label."""
    answer_pattern: str
    """Regular expression with one group: the answer inside a completion. The last match counts."""
    labels: dict[str, list[str]]
    """Words for a field that holds a place in a list, from 0: {answer: [A, B, C, D]}."""
    strip_annotations: bool
    """Remove calculator annotations, the <<...>> of GSM8K."""
    seed: int
    """Seed of generation and of the cut into splits; runs of other seeds share their test items. [no unit]"""
    num_train: int
    """Rows to train on. [rows]"""
    num_probe: int
    """Rows on which layers are measured; none of them is trained on. [rows]"""
    num_test: int
    """Rows that task=heldout scores. [rows]"""
    max_length: int
    """Longest row in tokens, prompt and completion together; longer ones are cut at the end and counted.
    [tokens]"""
    max_new_tokens: int
    """Tokens that an evaluation may generate for one row. [tokens]"""
    stop: list[str]
    """Strings that end a generated answer."""

    def __post_init__(self) -> None:
        self.path, self.test_path = map(rules.expand_user, (self.path, self.test_path))
        for key in ("num_train", "num_probe", "num_test", "max_new_tokens"):
            rules.check_at_least(f"data.{key}", getattr(self, key), 1)
        rules.check_at_least("data.max_length", self.max_length, 2)
        if self.path is None and self.test_path is not None:
            rules.refuse("data.test_path", self.test_path, "null, or a file beside data.path")
        if self.path is not None and rules.same_file(self.path, self.test_path):
            rules.refuse(
                "data.test_path", self.test_path, "another file than data.path: the splits would overlap"
            )
        rules.check_at_least("data.piece_characters", self.piece_characters, 16)
        rules.check_at_least("data.min_characters", self.min_characters, 0)
        if self.corpus is not None:
            rules.require("data.corpus", self.corpus, rules.CORPORA)
        if self.path is None and self.generator is None and self.corpus is None:
            if self.hub_id is None:
                rules.refuse(
                    "data.path",
                    None,
                    "data.path, data.generator, data.corpus or data.hub_id; one of them must be set",
                )
            if self.train_split == self.test_split:
                rules.refuse(
                    "data.test_split",
                    self.test_split,
                    "another split than data.train_split: they would overlap",
                )
        rules.check_pattern("data.answer_pattern", self.answer_pattern)
        rules.check_template("data.prompt", self.prompt, self.fields)
        for name in self.labels:
            if name not in self.fields:
                rules.refuse("data.labels", name, "names of data.fields: " + ", ".join(self.fields))
        rules.check_template("data.completion", self.completion, self.fields)
        if self.label is not None:
            rules.check_template("data.label", self.label, self.fields)
