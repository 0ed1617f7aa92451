"""The training stage of a run, on one process or sharded over several; or the random push in its place.

Where each rank measures with a whole model, it lets its shards go when training ends, loads the weights anew
and gives them what was trained; where the model is measured in pieces (`train.lockstep`), they stay. Either
way every metric and score is that of one process.
"""

import logging
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import torch

from src.control.push import Push
from src.method.penalty.make import make_penalty
from src.method.weights import save_tuned, set_tuned
from src.model.trunk import block_modules
from src.pipeline.follow import Follower, follow
from src.pipeline.prepare import Prepared
from src.pipeline.score_stage import RunScores, keep_scores
from src.pipeline.stage import Run
from src.probe.gradients.step_gradients import step_measurement
from src.record.folder import PUSH
from src.train.activation_rank import also, compressed_activations
from src.train.compiling import compiled
from src.train.lockstep import Lockstep
from src.train.loop import OnStep, Trained
from src.train.loop import train as train_loop
from src.train.recompute import activation_checkpointing
from src.train.selection import make_selection
from src.train.sharding import gathered, shard

_LOG = logging.getLogger(__name__)


def train(run: Run) -> None:
    """Train the band or push it, or load the weights that an earlier process made."""
    if not run.prepared.trains:
        return
    adapter, push = run.folder.path / "adapter", run.prepared.push
    name = "train" if push is None else PUSH
    if run.folder.has(name):
        run.team.load(adapter)
    else:
        run.once(name, lambda: _train(run, adapter) if push is None else _push(run, push, adapter))
    run.team.adapter = adapter


def _train(run: Run, adapter: Path) -> dict[str, Any]:
    on_step, pieces = partial(_after_step, run), run.team.pieces
    weights: dict[str, torch.Tensor] | None = None
    if run.ranks.count == 1:
        trained = _trained(run.prepared, run.folder.path, on_step)
    else:
        run.ranks.begin(run.config, follow, run.folder.path)
        with run.ranks.together(train_along):
            trained, weights = train_sharded(
                run.prepared, run.folder.path, on_step, pieces.own if pieces else None
            )
        if pieces is None:
            run.prepare_anew()
            set_tuned(run.prepared.adapted, weights)
    run.lock.check()
    save_tuned(run.prepared.adapted, adapter, weights)
    first, last = trained.steps[0], trained.steps[-1]
    _LOG.info("trained: %d steps, loss %.3f -> %.3f", last["step"], first["loss"], last["loss"])
    return {"num_steps": trained.num_steps, "loss": last["loss"]}


def _push(run: Run, push: Push, adapter: Path) -> dict[str, Any]:
    found = push.apply(run.prepared.adapted)
    run.prepared.adapted.model.eval()  # as training leaves it
    run.lock.check()
    save_tuned(run.prepared.adapted, adapter)
    sizes = [size for size in found["block_relative_sizes"] if size is not None]
    _LOG.info("pushed at random: %d blocks by %.3g to %.3g of their norm", len(sizes), min(sizes), max(sizes))
    return found


def train_along(follower: Follower) -> None:
    """What a rank above 0 does while rank 0 trains: its own shard; a fresh model measures, or the same."""
    train_sharded(follower.prepared, follower.folder, lambda step, row: None, follower.pieces)
    if follower.pieces is None:
        follower.let_go()


def _after_step(run: Run, step: int, row: dict[str, Any]) -> None:
    run.lock.check()
    run.tracker.step(row)
    every = run.config.evaluate.every_steps
    if every and step % every == 0:
        keep_scores(run, f"step-{step}", RunScores(run.prepared, run.team).of_tuned)


def train_sharded(
    prepared: Prepared, folder: Path, on_step: OnStep, pieces: Lockstep | None = None
) -> tuple[Trained, dict[str, torch.Tensor]]:
    """Train this rank's shard of every weight; the model stays in pieces. Rank 0 gets what was trained."""
    adapted = prepared.adapted
    if pieces is None:
        adapted.originals.clear()  # of full training: the whole model, loaded anew, brings its own
        shard(adapted.model, block_modules(adapted.model, adapted.loaded.blocks), prepared.device)
    with pieces.apart() if pieces else nullcontext():
        trained = _trained(prepared, folder, on_step)
        return trained, gathered(adapted.model)


def _trained(prepared: Prepared, folder: Path, on_step: OnStep) -> Trained:
    """Train from the newest checkpoint in `folder` to the end."""
    model, config = prepared.adapted.model, prepared.config
    blocks, layers = prepared.adapted.loaded.blocks, prepared.adapted.loaded.layers
    modules, settings = block_modules(model, blocks), config.train
    rank, share = settings.activation_rank, settings.activation_energy_share
    with (
        compressed_activations(modules, rank, share, config.seed) as kept,
        activation_checkpointing(modules) if settings.activation_checkpointing else nullcontext(),
        compiled(modules) if settings.compile else nullcontext(),
    ):
        return train_loop(
            model,
            prepared.encoded.rows,
            settings,
            objective=prepared.objective,
            seed=config.seed,
            folder=folder,
            on_step=on_step,
            measure=also(step_measurement(model, layers, config.metrics.names), kept),
            control=prepared.control,
            blocks=blocks,
            selection=make_selection(
                config.data, settings, prepared.encoded.rows, prepared.objective, blocks, config.seed
            ),
            penalty=make_penalty(prepared.adapted, config.seed, Path(config.paths.cache_dir)),
        )
