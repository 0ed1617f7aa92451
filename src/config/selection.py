"""Which rows of a step are trained on: the settings of a selection, part of the group `data`."""

from dataclasses import dataclass

from src.config import rules
from src.config.keys import declare

SELECTIONS = ("none", "moderate", "low", "high", "random", "clip")


@dataclass(kw_only=True)
class SelectionSettings:
    """The rows of a step by the norm of their gradient at the weights of that step.

    None of these keys is in the id of a run without a selection (src/record/identity.py).
    """

    select: str = declare(neutral="none", among=SELECTIONS)
    """Of the candidates of a step, train on those whose gradient norm is low, high, moderate (nearest to the
    median, published) or on random ones; clip: random ones, a gradient above the median scaled down to it.
    none: there are no candidates. Every choice takes as many steps of as many rows."""
    select_share: float = declare(neutral=0.2)
    """Rows trained on, of the candidates of a step, 1 / `select_share` as many. [share]"""
    select_loss_filter: bool = declare(neutral=True)
    """As published, leave out candidates whose loss is over a standard deviation from the step's mean."""
    length_matched: bool = declare(neutral=False)
    """Choose within four bins of completion length, by the norm without its trend over length: the mean loss
    of many tokens has a small gradient."""

    def __post_init__(self) -> None:
        if not 0 < self.select_share <= 1:
            rules.refuse("data.select_share", self.select_share, "a share above 0 and at most 1")
