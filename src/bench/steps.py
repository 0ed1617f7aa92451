"""Training steps: midblock against lora, and lora against a plain peft model."""

from collections.abc import Callable
from pathlib import Path

import torch

from src.bench.measure import Figures, ratio
from src.bench.sft_trainer import over_trainer
from src.command.compose import run_config
from src.control.control import Control, NoControl
from src.data.batches import collate
from src.data.encode import IGNORED, EncodedRow
from src.method.adapted import AdaptedModel
from src.method.band import resolve_band
from src.method.catalog import adapt
from src.model.load import load_model
from src.model.trunk import token_table
from src.objective.causal_lm import causal_lm_loss
from src.runtime.seeding import generator
from src.train.optimizer import make_optimizer

ROWS, TOKENS, PROMPT_SHARE = 8, 128, 0.6
MEANING = {
    "step_midblock_over_lora": "one training step, midblock / lora",
    "step_lora_over_plain_peft": "one training step, lora / the same peft model called with labels=",
    "step_lora_over_trl": "one training step, lora / TRL's SFTTrainer with the same adapter and rows (0.62)",
    "step_midblock_over_trl": "the same of midblock (0.50)",
    "step_lora_onednn_over_trl": "as step_lora_over_trl, ours with model.linear=onednn",
    "step_midblock_onednn_over_trl": "the same of midblock",
}


def bench() -> Figures:
    """Training steps on SmolLM2: 8 sequences of 128 tokens, 60 % of them prompt."""
    steps = {method: training_step(adapted_model(method)) for method in ("lora", "midblock")}
    yield "step_midblock_over_lora", ratio(steps["midblock"], steps["lora"])
    yield "step_lora_over_plain_peft", ratio(steps["lora"], _plain_step(adapted_model("lora")))
    for method, ours in steps.items():
        theirs = adapted_model(method)
        yield f"step_{method}_over_trl", over_trainer(ours, theirs, bench_batch(theirs))
        ours = training_step(adapted_model(f"{method} model.linear=onednn"))
        yield f"step_{method}_onednn_over_trl", over_trainer(ours, adapted_model(method), bench_batch(theirs))


def adapted_model(method: str) -> AdaptedModel:
    """SmolLM2 with the adapters of a method, as `src.run` would train it; further overrides may follow."""
    config = run_config(*f"method={method}".split())
    loaded = load_model(config.model, Path(config.paths.cache_dir), torch.device("cpu"))
    return adapt(
        loaded, config.method, resolve_band(config.band, loaded.num_blocks, config.seed), config.seed
    )


def bench_batch(adapted: AdaptedModel) -> dict[str, torch.Tensor]:
    """Rows of random tokens, each of them a prompt for the first part."""
    vocabulary = len(token_table(adapted.loaded.model))
    ids = torch.randint(10, vocabulary, (ROWS, TOKENS), generator=generator(0, "bench")).tolist()
    prompt = int(PROMPT_SHARE * TOKENS)
    rows = [EncodedRow(str(i), one, [IGNORED] * prompt + one[prompt:]) for i, one in enumerate(ids)]
    return collate(rows, pad_id=0)


def training_step(adapted: AdaptedModel, control: Control | None = None) -> Callable[[], None]:
    """A training step as `src.run` does it."""
    return _stepping(adapted, lambda model, batch: _mean(*causal_lm_loss(model, batch)), control)


def _plain_step(adapted: AdaptedModel) -> Callable[[], None]:
    return _stepping(adapted, lambda model, batch: model(**batch).loss)


def _mean(total: torch.Tensor, count: int) -> torch.Tensor:
    return total / count


def _stepping(
    adapted: AdaptedModel, loss: Callable[..., torch.Tensor], control: Control | None = None
) -> Callable[[], None]:
    parameters, control = list(adapted.trainable.values()), control or NoControl()
    optimizer, batch = make_optimizer(parameters, run_config().train), bench_batch(adapted)
    adapted.model.train()

    def step() -> None:
        loss(adapted.model, batch).backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        control.before(0.0)
        optimizer.step()
        control.after(0)
        optimizer.zero_grad(set_to_none=True)

    return step
