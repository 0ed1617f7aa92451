"""What happens to an update after the optimizer made it."""

from dataclasses import dataclass

from src.config import rules
from src.config.keys import PATH, declare
from src.config.places import settle

TRAINED = "trained"
"""As a source: the run of the same experiment that is the same but for its control."""
_TREATMENTS = ("group", "leave", "freeze")


@dataclass(kw_only=True)
class ControlConfig:
    """How far each block moves in a step: ||dW|| / ||W||, its relative size; W is the weight before the step.

    The published control is known by one sentence ("after each optimizer step, equalise ||dW|| / ||W|| across
    layers", direction kept); every choice beyond it is INFERRED.
    """

    name: str = declare(hashed=False)
    """Which file of conf/control was chosen; reports show it."""
    kind: str = declare(among=("none", "equal_step", "match_profile", "random_direction"))
    """none, equal_step (one relative size for all groups), match_profile (that of another run's blocks) or
    random_direction (no training: every tensor is pushed once, in a direction that the seed draws)."""
    grouping: str = declare(among=("block", "tensor"))
    """block: the norms run over all trained weights of a block. tensor: over one tensor; with LoRA over one
    adapted layer. Outside the blocks, embeddings, head and norms are groups of their own."""
    target: str = declare(among=("mean", "median", "total", "fixed"))
    """The common size r: mean or median of the blocks' own sizes; total: the one that keeps the norm of the
    blocks' whole update; fixed: `size`."""
    size: float | None = declare(positive=True)
    """r of target=fixed, a share of the weights a step. random_direction: ||dW|| / ||W|| of every tensor in a
    group, once; null: the sizes of `source`. [share of a norm]"""
    weight_decay: str = declare(among=("inside", "outside"))
    """inside: decay is part of the update and rescaled with it. outside: it is applied as asked."""
    norms: str = declare(among=_TREATMENTS)
    """Scales of normalisation layers: group (rescaled with their group), leave (as the optimizer made them)
    or freeze (put back after the step; their gradient still counts for clipping). A bias of a norm is one of
    these."""
    biases: str = declare(among=_TREATMENTS)
    """The same for biases and other vectors of blocks."""
    embeddings: str = declare(among=_TREATMENTS)
    """The same for embeddings outside the blocks, head included where it is tied to them."""
    head: str = declare(among=_TREATMENTS)
    """The same for everything else outside the blocks."""
    source: str | None = declare(hashed=False, place=PATH)
    """match_profile: folder of the run whose relative sizes are taken over. random_direction: folder of the
    run whose update is taken over, tensor by tensor, in all but its direction. trained: the run of this
    experiment that is the same with control=none."""
    profile: str = declare(among=("steps", "mean"))
    """match_profile: steps (those of the same step) or mean (each block's mean over the source's steps)."""
    log_relative_sizes: bool = declare(hashed=False)
    """kind=none: log every block's relative size in steps.jsonl, at one copy of the trained weights. The
    other kinds always do."""
    spectrum: bool = declare(neutral=False)
    """random_direction: also keep the singular values of the source's update; with LoRA, of its product."""

    def __post_init__(self) -> None:
        settle(self, "control")
        if self.pushes:
            self._check_push()
        elif (self.target == "fixed") != (self.size is not None):
            accepted = "a number above 0 with control.target=fixed, else null"
            rules.refuse("control.size", self.size, accepted)
        if self.kind == "match_profile" and self.source is None:
            rules.refuse(
                "control.source", None, "the folder of a finished run that logged its relative sizes"
            )
        if self.kind not in ("match_profile", "random_direction") and self.source is not None:
            accepted = "null without control=match_profile or control=random_direction"
            rules.refuse("control.source", self.source, accepted)
        if self.kind == "match_profile" and self.grouping != "block":
            rules.refuse("control.grouping", self.grouping, "block with control=match_profile")
        if self.spectrum and (not self.pushes or self.source is None):
            rules.refuse(
                "control.spectrum", True, "false without control=random_direction and control.source"
            )

    @property
    def pushes(self) -> bool:
        """Whether a random update takes the place of training."""
        return self.kind == "random_direction"

    def _check_push(self) -> None:
        if (self.size is None) == (self.source is None):
            given = f"control.size={self.size}, control.source={self.source}"
            rules.refuse("control", given, "one of control.size and control.source, the other null")
