"""The steps."""

from dataclasses import dataclass

from src.config import rules
from src.config.keys import declare
from src.config.places import settle


@dataclass(kw_only=True)
class TrainConfig:
    """Steps, batches and the optimizer."""

    name: str
    """Which file of conf/train was chosen; reports show it."""
    max_steps: int | None = declare(least=1)
    """Optimizer steps; null: `epochs` decides. [optimizer steps]"""
    epochs: float | None = declare(positive=True)
    """Passes over the training rows; null: `max_steps` decides. [passes over the rows]"""
    batch_size: int = declare(least=1)
    """Sequences in one forward pass. [sequences]"""
    gradient_accumulation_steps: int = declare(was="accumulation", least=1)
    """Forward passes in one optimizer step. [passes]"""
    learning_rate: float = declare(positive=True)
    """The highest, after the warm-up. [no unit]"""
    schedule: str = declare(among=("linear", "cosine", "constant"))
    """linear or cosine decay to zero after the warm-up, or constant."""
    warmup_steps: int = declare(least=0)
    """Steps in which the learning rate rises from 0. [optimizer steps]"""
    weight_decay: float = declare(least=0)
    """Decoupled, as AdamW has it: times the learning rate a step. [no unit]"""
    beta1: float
    """AdamW: decay of the running mean of the gradient. [no unit]"""
    beta2: float
    """AdamW: decay of the running mean of its square. [no unit]"""
    epsilon: float = declare(positive=True)
    """AdamW: added to the root of the mean square. [no unit]"""
    max_grad_norm: float | None = declare(was="clip_norm", positive=True)
    """Largest norm of the gradient; null: no clipping. [no unit]"""
    precision: str = declare(among=("float32", "bfloat16"))
    """float32, or bfloat16 through autocast."""
    checkpoint_steps: int | None = declare(hashed=False, least=1)
    """Optimizer steps between checkpoints; null: none. [optimizer steps]"""
    num_processes: int = declare(hashed=False, least=1)
    """Ranks that share each step, with weights, gradients and moments sharded, and the batches of what is
    measured. [processes]"""
    measure_sharded: bool = declare(neutral=False, hashed=False)
    """With several processes: the model stays sharded while it is measured, and all ranks pass together, so
    that no device holds all of its weights. Otherwise each measures with a whole model of its own."""
    activation_checkpointing: bool = declare(hashed=False)
    """Compute blocks that a gradient reaches again backward instead of keeping what happened inside them."""
    group_by_length: bool = declare(neutral=False)
    """Rows of like length share a batch, within 50 steps: little is padded, rows come in another order."""
    packing: bool = declare(neutral=False)
    """The rows of a batch lie one behind the other in one row, which pads nothing; each still sees itself
    alone, and models in which that is not so are refused."""
    compile: bool = declare(neutral=False)
    """Blocks are compiled by torch.compile; the last bits differ."""
    optimizer: str = declare(neutral="adamw", among=("adamw", "sgd"))
    """adamw, or sgd with momentum, under which blocks move as unevenly as their gradients are."""
    momentum: float = declare(neutral=0.9)
    """SGD: decay of the running sum of gradients, dampened by nothing. [no unit]"""
    activation_rank: int | None = declare(neutral=None, least=1)
    """At which the inputs of trained linear layers are kept for the backward pass; null: whole. [columns]"""
    activation_energy_share: float = declare(neutral=0.95)
    """Of an input, the share below which its basis is made anew (INFERRED). [share]"""

    @property
    def in_pieces(self) -> bool:
        """Whether no process holds the whole model after it was loaded."""
        return self.measure_sharded and self.num_processes > 1

    def __post_init__(self) -> None:
        settle(self, "train")
        if (self.max_steps is None) == (self.epochs is None):
            given = f"max_steps={self.max_steps}, epochs={self.epochs}"
            rules.refuse("train", given, "one of train.max_steps and train.epochs, the other null")
        others = self.activation_checkpointing or self.activation_rank is not None
        if self.compile and (self.num_processes > 1 or others):
            accepted = "false with train.num_processes above 1, activation_checkpointing or activation_rank"
            rules.refuse("train.compile", True, accepted)
        if self.batch_size % self.num_processes:
            accepted = f"a multiple of train.num_processes={self.num_processes}"
            rules.refuse("train.batch_size", self.batch_size, accepted)
        if self.activation_rank is not None and self.num_processes > 1:
            rules.refuse(
                "train.activation_rank", self.activation_rank, "null with train.num_processes above 1"
            )
        if not 0 <= self.activation_energy_share <= 1:
            accepted = "a share in [0, 1]"
            rules.refuse("train.activation_energy_share", self.activation_energy_share, accepted)
        if self.optimizer == "sgd" and self.weight_decay:
            accepted = "0 with train.optimizer=sgd, whose decay would not be decoupled"
            rules.refuse("train.weight_decay", self.weight_decay, accepted)
        for key in ("beta1", "beta2", "momentum"):
            if not 0 <= getattr(self, key) < 1:
                rules.refuse(f"train.{key}", getattr(self, key), "a number in [0, 1)")
