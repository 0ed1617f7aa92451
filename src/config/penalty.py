"""What is added to the loss to hold an update back: the settings of a penalty, part of the group `method`."""

from dataclasses import dataclass

from src.config import rules
from src.config.keys import declare


@dataclass
class PenaltySettings:
    """Of the update D of each weight matrix W, U and V the singular directions of W before training.

    None of these keys is in the id of a run without a penalty (src/record/identity.py).
    """

    penalty: str = declare(
        neutral="none", among=("none", "rpsft", "rotation", "random", "bottom", "l2sp", "kl")
    )
    """Added to the loss, for each matrix that trains: rpsft (||U'DV||^2 for the leading k directions, the
    published form, arm anchor), rotation (its off-diagonal part, without the change of singular values),
    random (any k directions), bottom (the last k), l2sp (||D||^2). Or kl, divergence from the base on the
    tokens that the loss is taken on. none: nothing."""
    penalty_weight: float = declare(neutral=1.0, positive=True)
    """What the penalty is multiplied with. [nats a unit of the penalty]"""
    penalty_k: int | None = declare(neutral=None, least=1)
    """Directions k of every matrix; null: `penalty_share` of its smaller side. [directions]"""
    penalty_share: float = declare(neutral=0.1875)
    """k over the smaller side of a matrix: the published 768 of 4,096. [share]"""
    penalty_normalise: str = declare(neutral="none", among=("none", "singular", "entries"))
    """What each matrix's term is divided by: none, singular (the sum of the k largest squared singular
    values; l2sp: of all) or entries (the numbers that the term is a sum over)."""
    penalty_whole_matrix: bool = declare(neutral=False)
    """As published: a matrix whose smaller side is at most k is punished for ||D||^2, not for ||U'DV||^2,
    which leaves free what a rectangular D has outside of V. Else k above a matrix is refused."""
    penalty_proximal: bool = declare(neutral=False)
    """Full training: the exact proximal step after the optimizer's, in place of a gradient."""

    def __post_init__(self) -> None:
        if not 0 < self.penalty_share <= 1:
            rules.refuse("method.penalty_share", self.penalty_share, "a share above 0 and at most 1")
        if self.penalty_proximal and self.penalty == "kl":
            rules.refuse("method.penalty_proximal", True, "false with method.penalty=kl, which is no norm")
