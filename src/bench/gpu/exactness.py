"""On the device: a killed training ends with the same bits, one sharded rank is as none, gates agree."""

import math
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch.distributed.fsdp import FSDPModule

from src.bench.gpu.made_rows import made_rows
from src.bench.gpu.outcome import Outcome
from src.command.compose import run_config
from src.data.encode import EncodedRow
from src.data.splits import load_splits
from src.intervene.engine.adapter_gates import AdapterGates
from src.intervene.engine.make_items import task_items
from src.intervene.engine.variants import score_patterns
from src.intervene.pair import replay_of
from src.intervene.players import block_players, singles
from src.method.adapted import AdaptedModel
from src.method.catalog import adapt
from src.model.load import load_model
from src.model.trunk import block_modules
from src.objective.catalog import make_objective
from src.runtime.seeding import generator
from src.train.lockstep import Lockstep
from src.train.loop import Trained, train
from src.train.sharding import gathered, shard

BLOCKS, STEPS, KILLED_AFTER = [2, 3], 4, 3
SHARDED, GATES = 1e-5, 2e-3
"""Largest differences that are accepted: of a weight or logit, and of a log-probability as a share of the
largest."""


def exactness_outcomes(device: torch.device, folder: Path) -> Iterator[Outcome]:
    """Resume by method, one rank of FSDP2, gates over an update."""
    for method in ("lora", "full"):
        whole, _ = _trained(device, folder / f"whole-{method}", method)
        try:
            _trained(device, folder / f"killed-{method}", method, killed_after=KILLED_AFTER)
        except _Killed:
            again, _ = _trained(device, folder / f"killed-{method}", method)
            yield Outcome(f"resume, {method}", _apart(whole.trainable, again.trainable), 0.0)
    whole, _ = _trained(device, folder / "plain", "lora")
    with one_rank():
        sharded = _adapted(device, "lora")
        shard(sharded.model, block_modules(sharded.model, sharded.loaded.blocks), device)
        _train(sharded, folder / "sharded", checkpoint_steps=None)
        weights = gathered(sharded.model)
        yield Outcome("FSDP2, one rank", _apart(whole.trainable, weights), SHARDED)
        if hasattr(FSDPModule, "reset_iter_state"):  # a bare machine may have a torch before the lock's
            alone = _logits(_adapted(device, "lora"), device)
            measured = _adapted(torch.device("cpu"), "lora")  # where what no device can hold is loaded
            Lockstep(measured, device, nullcontext)
            apart = (_logits(measured, device) - alone).abs().max().item()
            yield Outcome("measured sharded, one rank", apart, SHARDED)
    here, there = (
        _gated(torch.device(place), folder / f"gates-{i}") for i, place in enumerate(("cpu", device.type))
    )
    largest = here.abs().max().item()
    yield Outcome("gates", (here - there).abs().max().item() / largest, GATES)


class _Killed(Exception):
    """In place of a signal."""


def _trained(
    device: torch.device, folder: Path, method: str, killed_after: int | None = None
) -> tuple[AdaptedModel, Trained]:
    adapted = _adapted(device, method)
    return adapted, _train(adapted, folder, killed_after)


def _train(
    adapted: AdaptedModel, folder: Path, killed_after: int | None = None, checkpoint_steps: int | None = 2
) -> Trained:
    def on_step(step: int, row: dict[str, Any]) -> None:
        if step == killed_after:
            raise _Killed

    config = run_config("train=smoke")
    steps = replace(config.train, max_steps=STEPS, checkpoint_steps=checkpoint_steps)
    objective = make_objective(config.objective, adapted.loaded.tokenizer)
    folder.mkdir(parents=True, exist_ok=True)
    return train(adapted.model, _rows(), steps, objective=objective, seed=0, folder=folder, on_step=on_step)


def _adapted(device: torch.device, method: str) -> AdaptedModel:
    config = run_config("model=tiny_llama", f"method={method}")
    return adapt(load_model(config.model, Path(config.paths.cache_dir), device), config.method, BLOCKS, 0)


def _rows(count: int = 16) -> list[EncodedRow]:
    draw = generator(0, "bench")
    ids = torch.randint(2, 250, (count, 20), generator=draw).tolist()
    return [EncodedRow(str(i), one[: 8 + i % 12], one[: 8 + i % 12]) for i, one in enumerate(ids)]


@contextmanager
def one_rank() -> Iterator[None]:
    """A group of one process, as FSDP2 needs it."""
    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
    dist.init_process_group(backend, store=dist.HashStore(), rank=0, world_size=1)
    try:
        yield
    finally:
        dist.destroy_process_group()


@torch.no_grad()
def _logits(adapted: AdaptedModel, device: torch.device) -> torch.Tensor:
    found: torch.Tensor = adapted.model.eval()(input_ids=torch.arange(20, device=device)[None]).logits
    return found.cpu()


def _apart(first: dict[str, Any], second: dict[str, Any]) -> float:
    """The largest difference of two sets of weights of the same names; NaN where these differ."""
    if first.keys() != second.keys():
        return math.nan
    return max((first[name].cpu() - second[name].cpu()).abs().max().item() for name in first)


def _gated(device: torch.device, folder: Path) -> torch.Tensor:
    """Log-probabilities [item, pattern] of an update that was made at random, every block alone."""
    adapted = _adapted(device, "lora")
    draw = generator(0, "bench", "update")
    with torch.no_grad():
        for value in adapted.trainable.values():
            value.copy_(0.05 * torch.randn(value.shape, generator=draw))
    loaded, data = adapted.loaded, run_config(*made_rows(folder)).data
    gates = AdapterGates(adapted.model, loaded.blocks)
    replay = replay_of(adapted.model, loaded.blocks, {}, gates)
    items = task_items(load_splits(data).test, loaded.tokenizer, data.max_length, 4, masked=False)
    patterns = [one for both in singles(gates, block_players(gates)) for one in both]
    return torch.from_numpy(score_patterns(replay, items, patterns, folder, "bench").values[items.score])
