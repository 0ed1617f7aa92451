"""What a pair can be asked about: rows of its task, whole texts, English that was not trained."""

from dataclasses import dataclass

from transformers import PreTrainedTokenizerBase

from src.config.schema import DataConfig
from src.data.chat.render import rendered
from src.data.encode import EncodedRow, encode_rows
from src.data.rows import Row
from src.data.splits import load_splits
from src.errors import ConfigError, ModelError
from src.intervene.engine.items import Items
from src.intervene.engine.make_items import english_items, task_items, text_items
from src.model.causal import is_causal
from src.model.loaded import LoadedModel

BOTH_WAYS = "given a model that reads in both directions; accepted:"


@dataclass(frozen=True)
class Asked:
    """What is asked of both models."""

    num_items: int | None = None
    """Test rows, from the first on; None: all."""
    num_passages: int = 0
    """Of English that was not trained; none of them: no forgetting."""
    passage_tokens: int = 128
    """Of each passage, from the first on."""
    batch_size: int = 25
    split: str = "test"
    """Of the task: which rows are scored."""


@dataclass(frozen=True)
class Material:
    """Rows and passages that a pair can be asked about."""

    loaded: LoadedModel
    data: DataConfig
    asked: Asked

    def task(self, split: str = "test") -> Items:
        """The rows of a split; `probe` neither trained nor is scored by anything else."""
        masked = not is_causal(self.loaded.model)
        return task_items(self._rows(split), *self._reading, masked)

    def training_rows(self, supervise: str) -> list[EncodedRow]:
        """The rows that were trained on, with labels on `completion` or on `all` tokens."""
        rows = rendered(load_splits(self.data).train, self.loaded.tokenizer, self.data)
        return encode_rows(rows, self.loaded.tokenizer, self.data.max_length, supervise).rows

    def text(self) -> Items:
        """The test rows as whole texts, prompt included.

        Raises:
            ModelError: the model reads in both directions.
        """
        if not is_causal(self.loaded.model):
            raise ModelError(f"{self.loaded.id}: {BOTH_WAYS} a causal one, whose whole text can be scored")
        return text_items(self._rows("test"), *self._reading)

    def english(self, further: bool = False) -> Items:
        """The passages, or as many that come after them.

        Raises:
            ConfigError: a model that reads in both directions, or there are fewer.
        """
        asked = self.asked
        if not is_causal(self.loaded.model):
            raise ConfigError(
                f"--passages: given {asked.num_passages} for {self.loaded.id}, which reads in both "
                "directions; accepted: 0, or a causal model"
            )
        first = asked.num_passages if further else 0
        tokenizer = self.loaded.tokenizer
        return english_items(asked.num_passages, tokenizer, asked.passage_tokens, asked.batch_size, first)

    @property
    def scores(self) -> list[Items]:
        """The rows of the task, and the passages if any are asked for."""
        return [self.task(self.asked.split), *([self.english()] if self.asked.num_passages else [])]

    @property
    def _reading(self) -> tuple[PreTrainedTokenizerBase, int, int]:
        return self.loaded.tokenizer, self.data.max_length, self.asked.batch_size

    def _rows(self, split: str) -> list[Row]:
        rows = getattr(load_splits(self.data, trains=False), split)[: self.asked.num_items]
        return rendered(rows, self.loaded.tokenizer, self.data)
