"""What is scored."""

from dataclasses import dataclass

from src.config import rules
from src.config.data import DataConfig
from src.config.keys import declare
from src.config.places import settle

HELDOUT, VALIDATION = "heldout", "validation"
"""Tasks of the data's own rows: the test split, and rows that a choice is made on."""
EXACT_MATCH = "exact_match"
"""The metric of right and wrong answers, whose mean is a share of items."""
ENGINE_NAMES = ("auto", "plain", "continuous")


@dataclass(kw_only=True)
class EvaluateConfig:
    """Scores by lm-eval, before and after training."""

    name: str
    """Which file of conf/evaluate was chosen; reports show it."""
    tasks: list[str]
    """`heldout`: the data's own test split; `validation`: rows of its own for choices, which no table of
    scores shows; `english`: passages of general English; a name of `retention_tasks`; another name: a task
    that lm-eval knows. Empty: no scores."""
    num_passages: int = declare(least=1)
    """Passages that `english` scores. [passages]"""
    retention_tasks: dict[str, DataConfig] = declare(was="abilities")
    """Data whose test rows are a task of that name: what training should leave alone."""
    limit: int | None = declare(least=1)
    """Items a task; null: all of them. [items]"""
    batch_size: int = declare(least=1)
    """Sequences in one pass; fixed and recorded, because padding changes numerics. [sequences]"""
    num_fewshot: int | None
    """Examples before each item of a named task; null: the task's own number. [examples]"""
    chat_template: bool = declare(neutral=False)
    """Whether tasks of lm-eval are asked as a user's turn of a chat, in the tokenizer's own template or in
    data.chat_template. The data's own rows are framed as training frames them, whatever it is."""
    engine: str = declare(neutral="auto", hashed=False, among=ENGINE_NAMES)
    """What generates answers. `plain`: `generate` of transformers, in which a batch waits for its longest
    answer; `continuous`: a common beginning is read once, a row leaves with its answer; `auto`: the fastest.
    Greedy answers are the same token for token in float32, so it is no part of an id; the record says it."""
    every_steps: int | None = declare(least=1)
    """Optimizer steps between evaluations during training; null: only before and after. [optimizer steps]"""

    def __post_init__(self) -> None:
        settle(self, "evaluate")
        for name in self.retention_tasks:
            if name in (HELDOUT, VALIDATION, "english"):
                rules.refuse("evaluate.retention_tasks", name, "a name of its own: this one is taken")
