"""The training stage of a run, on one process or sharded over several.

Measuring is rank 0's alone, on the whole model: it lets its shards go when training ends, loads the weights
anew and gives them what was trained. So every metric and score is that of one process.
"""

from contextlib import nullcontext
from pathlib import Path

from src.method.weights import set_tuned
from src.model.trunk import block_modules
from src.pipeline.assembly import Assembly
from src.pipeline.probe_stage import step_measurement
from src.runtime.preemption import listening
from src.train.loop import OnStep, Trained, train
from src.train.ranks import Ranks
from src.train.recompute import activation_checkpointing
from src.train.sharding import gathered, shard


def run_training(run: Assembly, ranks: Ranks, folder: Path, on_step: OnStep) -> Trained:
    """Train the run's model from the newest checkpoint in `folder`; it is whole afterwards."""
    if ranks.count == 1:
        return _trained(run, folder, on_step)
    with ranks.training(run.config, follow, folder):
        _shard(run)
        trained = _trained(run, folder, on_step)
        weights = gathered(run.adapted.model)
    del run.adapted
    set_tuned(run.adapted, weights)
    run.adapted.model.eval()
    return trained


def follow(ranks: Ranks) -> None:
    """What a rank above 0 does in a run: wait for rank 0; train with it, if there is something to train."""
    with ranks.following() as turn:
        if turn is not None:
            run = Assembly(turn.config)
            _shard(run)
            _trained(run, turn.folder, lambda step, row: None)
            gathered(run.adapted.model)


def follow_all(ranks: Ranks) -> None:
    """What a process above rank 0 does from its start: follow in every run, until rank 0 lets it go."""
    with listening():
        while not ranks.dismissed:
            follow(ranks)


def _shard(run: Assembly) -> None:
    adapted = run.adapted
    run.control  # noqa: B018  (looks at whole weights once, each rank by itself)
    adapted.originals.clear()  # of full training: the whole model, loaded anew, brings its own
    shard(adapted.model, block_modules(adapted.model, adapted.loaded.blocks), run.device)


def _trained(run: Assembly, folder: Path, on_step: OnStep) -> Trained:
    model, blocks, config = run.adapted.model, run.adapted.loaded.blocks, run.config
    again = config.train.activation_checkpointing
    with activation_checkpointing(block_modules(model, blocks)) if again else nullcontext():
        return train(
            model,
            run.encoded.rows,
            config.train,
            objective=run.objective,
            seed=config.seed,
            folder=folder,
            on_step=on_step,
            measure=step_measurement(model, blocks, config.metrics),
            control=run.control,
        )
