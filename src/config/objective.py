"""The loss: the settings of each objective, and the group that holds the keys of all of them.

A new objective has its settings here (keys of its own as `declare(neutral=...)`), a row in KINDS, a class in
src/objective and a file in conf/objective.
"""

from dataclasses import dataclass

from src.config import rules
from src.config.keys import declare
from src.config.places import settle
from src.config.rules import require


@dataclass(kw_only=True)
class ObjectiveSettings:
    """What every objective has; an objective reads no key of another, and only its own are in an id."""

    name: str
    """Which file of conf/objective was chosen; reports show it."""

    def __post_init__(self) -> None:
        settle(self, "objective")
        require("objective.name", self.name, tuple(KINDS))


@dataclass(kw_only=True)
class CausalLMSettings(ObjectiveSettings):
    """The next token."""

    supervise: str = declare(among=rules.SUPERVISE)
    """causal_lm: completion (labels cover the completion and the end token) or all (the prompt too, as
    published). Rows of text have no prompt: all of it is completion."""


@dataclass(kw_only=True)
class MaskedLMSettings(ObjectiveSettings):
    """Tokens taken out of the text."""

    mask_share: float = declare(share=True)
    """masked_lm: share of the tokens of a row that must be found. [share]"""


@dataclass(kw_only=True)
class PooledSettings(ObjectiveSettings):
    """Objectives that read the vector of a text; classification needs no more."""

    pooling: str = declare(among=("mean", "first", "last"))
    """How token states become the vector of a text: mean, first or last token."""


@dataclass(kw_only=True)
class ContrastiveSettings(PooledSettings):
    """InfoNCE."""

    temperature: float = declare(positive=True)
    """contrastive, simcse: cosines are divided by it. [no unit]"""


@dataclass(kw_only=True)
class SimCSESettings(ContrastiveSettings):
    """InfoNCE over two dropout views."""

    dropout: float = declare(share=True)
    """simcse: rate of the dropout that makes the views, wherever the architecture has dropout.
    [probability]"""


@dataclass(frozen=True)
class ObjectiveKind:
    """What is known of an objective before torch is imported."""

    settings: type[ObjectiveSettings]
    of_pairs: bool = False
    """Its rows need each other: negatives lie in one batch."""
    sharded: bool = False
    """It can be computed on several processes."""
    repeatable: bool = True
    """A second pass through a block gives what the first gave."""


KINDS = {
    "causal_lm": ObjectiveKind(CausalLMSettings, sharded=True),
    "masked_lm": ObjectiveKind(MaskedLMSettings),
    "contrastive": ObjectiveKind(ContrastiveSettings, of_pairs=True),
    "simcse": ObjectiveKind(SimCSESettings, of_pairs=True, repeatable=False),
    "classification": ObjectiveKind(PooledSettings),
}


@dataclass(kw_only=True)
class ObjectiveConfig(CausalLMSettings, MaskedLMSettings, SimCSESettings):
    """The loss."""

    @property
    def of_kind(self) -> ObjectiveKind:
        """What is known of this objective."""
        return KINDS[self.name]
