"""python -m src.bench: ratios of two ways to do the same work, measured in one process.

Only ratios are kept: they hold on another machine, seconds do not. Each pair runs in turn, A B A B, and the
median of the ratios of neighbours is reported, so that a machine that slows down slows both.
"""

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from hydra import compose, initialize_config_dir
from rich.console import Console
from rich.table import Table

from src.compose import CONF, typed
from src.config.schema import RunConfig
from src.data.batches import collate
from src.data.encode import IGNORED, EncodedRow
from src.files import write_json
from src.method.adapt import AdaptedModel, adapt
from src.method.band import resolve_band
from src.model.load import load_model
from src.objective.causal_lm import causal_lm_loss
from src.seeding import generator
from src.train.optimizer import make_optimizer

ROWS, TOKENS, PROMPT_SHARE = 8, 128, 0.6
PAIRS = 7
_MEANING = {
    "step_midblock_over_lora": "one training step, midblock / lora",
    "step_lora_over_plain_peft": "one training step, lora / the same peft model called with labels=",
}


def ratio(first: Callable[[], None], second: Callable[[], None], pairs: int = PAIRS) -> float:
    """Median over neighbouring runs of seconds(first) / seconds(second), after one warm-up each."""
    first(), second()
    return statistics.median(_seconds(first) / _seconds(second) for _ in range(pairs))


def bench_steps() -> dict[str, float]:
    """Training steps on SmolLM2: 8 sequences of 128 tokens, 60 % of them prompt."""
    lora = _step(_adapted("lora"))
    midblock = _step(_adapted("midblock"))
    plain = _plain_step(_adapted("lora"))
    return {
        "step_midblock_over_lora": ratio(midblock, lora),
        "step_lora_over_plain_peft": ratio(lora, plain),
    }


def _adapted(method: str) -> AdaptedModel:
    config = _config(f"method={method}")
    loaded = load_model(config.model, Path(config.paths.cache_dir), torch.device("cpu"))
    return adapt(
        loaded, config.method, resolve_band(config.band, loaded.num_blocks, config.seed), config.seed
    )


def _config(*overrides: str) -> RunConfig:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return typed(compose("config", overrides=list(overrides)))


def _batch(adapted: AdaptedModel) -> dict[str, torch.Tensor]:
    vocabulary = adapted.loaded.model.get_input_embeddings().weight.shape[0]
    ids = torch.randint(10, vocabulary, (ROWS, TOKENS), generator=generator(0, "bench")).tolist()
    prompt = int(PROMPT_SHARE * TOKENS)
    rows = [EncodedRow(str(i), one, [IGNORED] * prompt + one[prompt:]) for i, one in enumerate(ids)]
    return collate(rows, pad_id=0)


def _step(adapted: AdaptedModel) -> Callable[[], None]:
    return _stepping(adapted, lambda model, batch: _mean(*causal_lm_loss(model, batch)))


def _plain_step(adapted: AdaptedModel) -> Callable[[], None]:
    return _stepping(adapted, lambda model, batch: model(**batch).loss)


def _mean(total: torch.Tensor, count: int) -> torch.Tensor:
    return total / count


def _stepping(adapted: AdaptedModel, loss: Callable[..., torch.Tensor]) -> Callable[[], None]:
    parameters = list(adapted.trainable.values())
    optimizer, batch = make_optimizer(parameters, _config().train), _batch(adapted)
    adapted.model.train()

    def step() -> None:
        loss(adapted.model, batch).backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    return step


def _seconds(action: Callable[[], None]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def main() -> None:
    """Measure, print, and write runs/bench/bench.json: one flat object of name to number."""
    path = Path(_config().paths.runs_dir) / "bench" / "bench.json"
    with Console().status("measuring training steps"):
        found = bench_steps()
    write_json(path, {name: round(value, 4) for name, value in found.items()})
    table = Table(title=f"{torch.get_num_threads()} threads; medians of {PAIRS} pairs", title_justify="left")
    for column in ("name", "ratio", "meaning"):
        table.add_column(column, justify="right" if column == "ratio" else "left")
    for name, value in found.items():
        table.add_row(name, f"{value:.2f}", _MEANING[name])
    Console(width=100).print(table, f"written: {path}")


if __name__ == "__main__":
    main()
