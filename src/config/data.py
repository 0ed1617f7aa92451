"""The rows: the keys of all sources, and those of the text, the splits and the lengths."""

from dataclasses import asdict, dataclass

from src.config import rules
from src.config.keys import NAME, declare
from src.config.places import settle
from src.config.selection import SelectionSettings
from src.config.source import (
    KINDS,
    ChatSettings,
    CorpusSettings,
    FileSettings,
    GeneratorSettings,
    HubSettings,
    SourceKind,
)

PATHS = ("path", "test_path", "chat_template")
"""Keys that lead to files, whose content stands for them in whatever is told apart by content."""


@dataclass(kw_only=True)
class DataConfig(
    FileSettings, CorpusSettings, GeneratorSettings, HubSettings, ChatSettings, SelectionSettings
):
    """Rows of prompt and completion: their source, their text and their splits."""

    name: str = declare(place=NAME)
    """Which file of conf/data was chosen; reports show it."""
    fields: list[str]
    """Fields a row must have; the templates below may use them."""
    prompt: str
    """Template of the prompt, such as "Question: {question}\\nAnswer:"."""
    completion: str
    """Template of the completion, such as " {answer}"."""
    label: str | None = declare(hashed=False)
    """Template of what objective=classification is to find, such as "{topic}"; null: rows have no label."""
    answer_pattern: str | None
    """Regular expression with one group: the answer inside a completion; the last match counts. null: no
    answer is generated, `heldout` scores how likely the completion is."""
    labels: dict[str, list[str]]
    """Words for a field that holds a place in a list, from 0: {answer: [A, B, C, D]}."""
    strip_annotations: bool
    """Remove calculator annotations, the <<...>> of GSM8K."""
    seed: int
    """Seed of generation and of the cut into splits; runs of other seeds share their test items. [no unit]"""
    num_train: int | None = declare(least=1)
    """Rows to train on; null: all that are left. [rows]"""
    num_probe: int = declare(least=1)
    """Rows on which layers are measured; none of them is trained on. [rows]"""
    num_test: int = declare(least=1)
    """Rows that task=heldout scores. [rows]"""
    num_validation: int = declare(neutral=0, least=0)
    """Rows that task=validation scores, for choices such as that of a learning rate: no other score uses
    them, and the other splits are the same without them. [rows]"""
    max_length: int = declare(least=2)
    """Longest row in tokens, prompt and completion together; longer ones are cut and counted: at the end,
    and a chat at its beginning, so that the last answer stays. [tokens]"""
    max_new_tokens: int = declare(least=1)
    """Tokens that an evaluation may generate for one row. [tokens]"""
    stop: list[str]
    """Strings that end a generated answer."""

    def __post_init__(self) -> None:
        settle(self, "data")
        for settings in (FileSettings, ChatSettings, SelectionSettings):
            settings.__post_init__(self)
        if not any(getattr(self, kind.key) is not None for kind in KINDS.values()):
            keys = ", ".join(f"data.{kind.key}" for kind in KINDS.values())
            rules.refuse("data.path", None, f"one of {keys} must be set")
        if self.of_kind.remote and self.train_split == self.test_split:
            accepted = "another split than data.train_split: they would overlap"
            rules.refuse("data.test_split", self.test_split, accepted)
        if self.form == "chat" and not self.of_kind.reads:
            rules.refuse("data.form", self.form, "fields, or data.path=FILE or data.id=HUB_ID with chat")
        if self.num_train is None and self.of_kind.counted:
            rules.refuse("data.num_train", None, f"a number with {self.told}")
        self._check_text()

    def _check_text(self) -> None:
        if self.answer_pattern is not None:
            rules.check_pattern("data.answer_pattern", self.answer_pattern)
        rules.check_template("data.prompt", self.prompt, self.fields)
        for name in self.labels:
            if name not in self.fields:
                rules.refuse("data.labels", name, "names of data.fields: " + ", ".join(self.fields))
        rules.check_template("data.completion", self.completion, self.fields)
        if self.label is not None:
            rules.check_template("data.label", self.label, self.fields)

    @property
    def source(self) -> str:
        """The name of the source that the keys choose."""
        return next(name for name, kind in KINDS.items() if getattr(self, kind.key) is not None)

    @property
    def of_kind(self) -> SourceKind:
        """What is known of that source."""
        return KINDS[self.source]

    @property
    def told(self) -> str:
        """Where the rows come from, for a person."""
        return self.of_kind.told.format(**asdict(self))
