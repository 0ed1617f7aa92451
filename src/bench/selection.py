"""What the gradient norm of every row of a batch costs beside the pass that it is read from."""

from src.bench.measure import Figures, ratio
from src.bench.steps import adapted_model, bench_batch
from src.objective.causal_lm import row_losses
from src.probe.gradients.row_norms import row_norms

MEANING = {
    "row_norms_over_pass_lora": "gradient norms of rows / their forward and backward pass, LoRA (limit 1.3)",
    "row_norms_over_pass_full": "the same of all weights (at most 1.3)",
}


def bench() -> Figures:
    """SmolLM2: 8 sequences of 128 tokens, 60 % of them prompt."""
    for method in ("lora", "full"):
        yield f"row_norms_over_pass_{method}", _over(method)


def _over(method: str) -> float:
    adapted = adapted_model(method)
    batch, blocks = bench_batch(adapted), adapted.loaded.blocks

    def plain() -> None:
        row_losses(adapted.model, batch).sum().backward()
        adapted.model.zero_grad(set_to_none=True)

    def watched() -> None:
        with row_norms(adapted.model, blocks, len(batch["input_ids"])):
            plain()

    return ratio(watched, plain)
