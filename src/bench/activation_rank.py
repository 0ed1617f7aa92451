"""What keeping inputs at low rank saves in memory, and what it costs in time."""

from contextlib import AbstractContextManager

from torch import nn

from src.bench.measure import ratio
from src.bench.steps import adapted_model, bench_batch, training_step
from src.method.adapted import AdaptedModel
from src.model.trunk import block_modules
from src.objective.causal_lm import causal_lm_loss
from src.runtime.kept_bytes import kept_bytes
from src.train.activation_rank import compressed_activations
from src.train.lossless import lossless

RANK, SHARE = 32, 0.95
MEANING = {
    f"activation_rank_{RANK}_bytes_over_whole_{method}": f"bytes kept for the backward pass, "
    f"train.activation_rank={RANK} / null, {told}"
    for method, told in (("lora", "LoRA (wanted: at most 0.6)"), ("full", "all weights"))
} | {
    "lossless_bytes_over_whole_lora": "of these, what masks of dropout and gated products leave that are "
    "kept small without loss, at no rank, LoRA",
    f"activation_rank_{RANK}_step_over_whole": "one training step with LoRA, the first two",
}


def bench() -> dict[str, float]:
    """SmolLM2, 8 sequences of 128 tokens."""
    found = {}
    for method in ("lora", "full"):
        adapted = adapted_model(method)
        with _compressed(adapted):
            low = saved_bytes(adapted)
        found[f"activation_rank_{RANK}_bytes_over_whole_{method}"] = low / saved_bytes(adapted)
    adapted = adapted_model("lora")
    with lossless(_blocks(adapted)):
        low = saved_bytes(adapted)
    found["lossless_bytes_over_whole_lora"] = low / saved_bytes(adapted)
    step = training_step(adapted)

    def compressed() -> None:
        with _compressed(adapted):
            step()

    return found | {f"activation_rank_{RANK}_step_over_whole": ratio(compressed, step)}


def saved_bytes(adapted: AdaptedModel) -> int:
    """Of all tensors that a forward pass keeps for the backward one."""
    adapted.model.train()
    with kept_bytes(adapted.model.parameters()) as kept:
        causal_lm_loss(adapted.model, bench_batch(adapted))
        return kept()


def _compressed(adapted: AdaptedModel) -> AbstractContextManager:
    return compressed_activations(_blocks(adapted), RANK, SHARE, seed=0)


def _blocks(adapted: AdaptedModel) -> list[nn.Module]:
    return block_modules(adapted.model, adapted.loaded.blocks)
