"""What a run is asked once it is trained: the settings of each analysis, and the group that holds all keys.

A new analysis has its settings here (every key `declare(neutral=..., hashed=False)`: an analysis changes
nothing of the run), a name in ANALYSES, a row of ANALYSES in src/intervene/analyses.py and a file in
conf/intervention.
"""

from dataclasses import dataclass

from src.config.keys import declare
from src.config.rules import check_at_least, refuse, require

ANALYSES = ("causal",)
KINDS = ("none", *ANALYSES)


@dataclass(kw_only=True)
class AskedSettings:
    """What every analysis has."""

    name: str = declare(neutral="none", hashed=False)
    """Which file of conf/intervention was chosen."""
    kind: str = declare(neutral="none", hashed=False)
    """none, or the analysis that `python -m src.intervene KIND` makes of a finished run."""
    num_items: int | None = declare(neutral=None, hashed=False)
    """Test rows, from the first on; null: all. [rows]"""
    num_passages: int = declare(neutral=0, hashed=False)
    """Passages of English, to see where forgetting sits; 0: none. [passages]"""
    passage_tokens: int = declare(neutral=128, hashed=False)
    """Of each passage, from the first on. [tokens]"""
    batch_size: int = declare(neutral=25, hashed=False)
    """Of a batch. [rows]"""

    def __post_init__(self) -> None:
        require("intervention.kind", self.kind, KINDS)
        for key in ("num_items", "passage_tokens"):
            value = getattr(self, key)
            if value is not None:
                check_at_least(f"intervention.{key}", value, 2)
        check_at_least("intervention.batch_size", self.batch_size, 1)
        if self.num_passages not in (0, max(self.num_passages, 2)):
            refuse("intervention.num_passages", self.num_passages, "0, or at least 2")

    @property
    def asks(self) -> bool:
        """Whether there is an analysis."""
        return self.kind in ANALYSES


@dataclass(kw_only=True)
class CausalSettings:
    """Where in the depth the gain sits."""

    controls: bool = declare(neutral=False, hashed=False)
    """causal: also the controls: noise of the same size, other blocks, other sizes."""


@dataclass(kw_only=True)
class InterventionConfig(AskedSettings, CausalSettings):
    """An analysis of a run, as its last stage but one. It changes nothing else of the run, so no id."""
