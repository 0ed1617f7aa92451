"""What trains: the settings of each method, and the group that holds the keys of all of them.

A new method has its settings here (keys of its own as `declare(neutral=...)`), a row in KINDS, a class in
src/method and a file in conf/method.
"""

from dataclasses import dataclass

from src.config import rules
from src.config.keys import NAME, declare
from src.config.penalty import PenaltySettings
from src.config.places import settle
from src.config.rules import require


@dataclass(kw_only=True)
class MethodSettings:
    """What every method has."""

    name: str = declare(place=NAME)
    """Which file of conf/method was chosen; reports show it."""
    kind: str
    """lora, full (the weights themselves) or none (no training)."""

    def __post_init__(self) -> None:
        settle(self, "method")
        require("method.kind", self.kind, tuple(KINDS))


@dataclass(kw_only=True)
class LoraSettings(MethodSettings):
    """Low-rank factors beside the layers of a band."""

    rank: int = declare(least=1)
    """LoRA rank asked for; `budget` may turn it into another one. [dimensions]"""
    ranks: list[int] | None
    """One LoRA rank for every block of the model, 0: not adapted; null: `rank` on the whole band.
    [dimensions]"""
    alpha: float = declare(positive=True)
    """LoRA alpha asked for; `scaling` says what it means when the rank differs. [no unit]"""
    dropout: float
    """Dropout on the adapter's input, a probability. [probability]"""
    scaling: str = declare(among=("fixed_alpha", "alpha_over_r", "rslora"))
    """fixed_alpha: alpha stays as asked, the update is scaled by alpha / actual rank (as published).
    alpha_over_r: the ratio alpha / rank as asked is kept. rslora: alpha / sqrt(actual rank)."""
    budget: str = declare(among=("none", "rank", "params"))
    """none: the rank as asked. rank: the rank units (rank x blocks) of `budget_band`.
    params: the trainable parameters of `budget_band`. Both round the rank down."""
    budget_band: list[float]
    """[start, stop) of the band whose budget is matched. [fraction of depth]"""
    targets: str = declare(among=("attention", "linear"))
    """attention (projections of the attention, as published) or linear (every linear layer of a block)."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.dropout < 1:
            rules.refuse("method.dropout", self.dropout, "a probability in [0, 1)")
        if self.ranks is not None:
            self._check_ranks(self.ranks)
        if len(self.budget_band) != 2 or not 0 <= self.budget_band[0] < self.budget_band[1] <= 1:
            rules.refuse("method.budget_band", self.budget_band, "[start, stop] with 0 <= start < stop <= 1")

    def _check_ranks(self, ranks: list[int]) -> None:
        if not any(ranks) or min(ranks) < 0:
            rules.refuse("method.ranks", list(ranks), "ranks of at least 0, and one of them above 0")
        if self.budget != "none":
            rules.refuse("method.budget", self.budget, "none with method.ranks, which are the budget")


@dataclass(kw_only=True)
class FullSettings(MethodSettings):
    """The weights of a band."""

    train_outside: bool | None
    """full only: also train embeddings, final norm and head; null: only when the band is the whole stack."""


@dataclass(frozen=True)
class MethodKind:
    """What is known of a method before torch is imported."""

    trains: bool = True
    low_rank: bool = False
    """Its update is a product of factors, which has a rank and a scale."""
    in_place: bool = False
    """It changes the model's own weights, which must be float32 for small steps to arrive."""
    published: bool = False
    """What the published bands were trained with: its runs are held against published scores, and those
    of the whole stack are what other bands are compared with."""
    imports: tuple[str, ...] = ()
    """What a run imports for it sooner or later."""


KINDS = {
    "lora": MethodKind(low_rank=True, published=True, imports=("peft",)),
    "full": MethodKind(in_place=True),
    "none": MethodKind(trains=False),
}


@dataclass(kw_only=True)
class MethodConfig(LoraSettings, FullSettings, PenaltySettings):
    """What is trainable inside the band, and how."""

    def __post_init__(self) -> None:
        super().__post_init__()
        PenaltySettings.__post_init__(self)
        if self.penalty != "none" and not self.of_kind.trains:
            rules.refuse("method.penalty", self.penalty, "none with a method that trains nothing")
        if self.penalty_proximal and not self.of_kind.in_place:
            accepted = "false with LoRA: what the step leaves is no product of two factors of this rank"
            rules.refuse("method.penalty_proximal", True, accepted)
        if self.ranks is not None and not self.of_kind.low_rank:
            rules.refuse("method.ranks", list(self.ranks), "null, or a method with low-rank factors (lora)")

    @property
    def of_kind(self) -> MethodKind:
        """What is known of this method."""
        return KINDS[self.kind]
