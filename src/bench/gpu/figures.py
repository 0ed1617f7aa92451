"""How fast a training step of a real shape is, what memory it takes, what else a run costs on a device."""

import gc
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import torch

from src.bench.gpu.random_step import own_step, plain_step, random_rows
from src.bench.gpu.random_weights import random_adapted, shape_config
from src.bench.measure import seconds
from src.config.schema import RunConfig
from src.model.trunk import trunk_of
from src.objective.catalog import make_objective
from src.plan.memory import estimate
from src.probe.states.gather import gather
from src.probe.states.probe_pass import evaluating
from src.probe.states.probe_rows import ProbeRows
from src.train.loop import train

Figure = tuple[str, float]
SHAPES, METHODS = ("olmo2_1b", "olmo2_7b"), ("lora", "midblock", "full")
TOKENS, WARM, STEPS = 512, 2, 8
PEAKS = {
    "H100 PCIe": 756e12,
    "H100 NVL": 835e12,
    "H100": 989e12,
    "H200": 989e12,
    "A100": 312e12,
    "L40S": 362e12,
}
"""Dense bfloat16 operations a second, as the vendor's data sheets say; the first name that the card has."""


def peak_flops(card: str) -> float | None:
    """None for a card that is not listed: its share of the peak is then missing."""
    return next((peak for name, peak in PEAKS.items() if name in card), None)


def step_figures(device: torch.device, config: RunConfig, peak: float | None) -> Iterator[Figure]:
    """Tokens a second, share of the card's peak, and memory over the plan's, of one model and method."""
    name = f"{config.model.name}_{config.method.name}"
    _forget(device)
    adapted = random_adapted(config, device)
    step = own_step(adapted, config)
    for _ in range(WARM):
        step()
    _wait(device)
    taken = _each(device, step, STEPS)
    planned = estimate(config)
    yield f"{name}_tokens_per_s", config.train.batch_size * config.data.max_length / taken
    if peak is not None:
        yield f"{name}_mfu", planned.flops / taken / peak
    if device.type == "cuda":
        yield f"{name}_memory_over_plan", torch.cuda.max_memory_allocated(device) / planned.total(False)
    if config.method.name == "lora":
        plain = plain_step(adapted, config)
        plain()
        _wait(device)
        yield f"{name}_over_plain_peft", taken / _each(device, plain, STEPS)


def probe_figure(device: torch.device, config: RunConfig, folder: Path, num_rows: int) -> Iterator[Figure]:
    """Probing with the metrics of the configuration over a bare pass of the trunk on the same batches."""
    _forget(device)
    adapted, settings = random_adapted(config, device), config.probe
    rows = random_rows(adapted, config, num_rows)
    probe = ProbeRows(rows, [], 0, config.metrics.batch_size)
    made = probe.batches(rows, adapted.model)
    batches = [{key: value.to(device) for key, value in one.items()} for one in made]
    trunk, blocks = trunk_of(adapted.model), adapted.loaded.blocks

    def bare() -> None:
        with torch.no_grad(), evaluating(adapted.model):
            for one in batches:
                trunk(input_ids=one["input_ids"], attention_mask=one["attention_mask"], use_cache=False)
        _wait(device)

    bare()
    folder.mkdir(parents=True)
    probing = seconds(lambda: gather(adapted.model, blocks, probe, config.metrics, folder, settings))
    yield f"probe_{config.metrics.name}_over_forward", probing / seconds(bare)


def waiting_figures(device: torch.device, config: RunConfig, folder: Path) -> Iterator[Figure]:
    """Times that a step of the loop waits for the device, and the share of its time that it lacks rows."""
    _forget(device)
    adapted = random_adapted(config, device)
    objective = make_objective(config.objective, adapted.loaded.tokenizer)
    rows = random_rows(adapted, config, 64)
    steps = replace(config.train, max_steps=WARM + STEPS, epochs=None, checkpoint_steps=None)
    folder.mkdir(parents=True)
    with warnings.catch_warnings(record=True) as seen, _counting(device):
        warnings.simplefilter("always")
        done = train(adapted.model, rows, steps, objective=objective, seed=0, folder=folder)
    if device.type == "cuda":
        waits = [one for one in seen if "synchroniz" in str(one.message)]
        yield "waits_per_step", len(waits) / (WARM + STEPS)
    step = own_step(adapted, config)
    step()
    _wait(device)
    alone = _each(device, step, STEPS)
    whole = sum(row["seconds"] for row in done.steps[WARM:]) / STEPS
    yield "share_of_time_without_work", max(0.0, 1 - alone / whole)


def shapes(names: Sequence[str] = SHAPES, methods: Sequence[str] = METHODS, *more: str) -> list[RunConfig]:
    """Every model and method that is timed."""
    given = (f"data.max_length={TOKENS}", "method.dropout=0.0", *more)
    full = ("model.dtype=float32",)  # small updates of the weights themselves vanish in 16 bits
    return [
        shape_config(name, method, *given, *(full if method == "full" else ()))
        for name in names
        for method in methods
    ]


def too_large(device: torch.device, config: RunConfig) -> bool:
    """Whether the plan asks for more than the whole memory of the card."""
    if device.type != "cuda":
        return False
    return estimate(config).total(False) > torch.cuda.get_device_properties(device).total_memory


def _each(device: torch.device, step: Callable[[], None], count: int) -> float:
    """Seconds of one of so many calls, the device's work included."""

    def work() -> None:
        for _ in range(count):
            step()
        _wait(device)

    return seconds(work) / count


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _forget(device: torch.device) -> None:
    """Let the model of the part before go: it holds itself in cycles, and would count here."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)


@contextmanager
def _counting(device: torch.device) -> Iterator[None]:
    """Inside, torch warns whenever the host waits for the GPU."""
    if device.type != "cuda":
        yield
        return
    torch.cuda.set_sync_debug_mode("warn")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")
