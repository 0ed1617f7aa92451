"""run.json: the record of a run, written last. Its presence with status success means done.

What a study reads, and may rely on within one `schema_version`:

model       id, fingerprint and shape; where layers are held in fewer bits, `quantized`: how many layers,
            which tensors of torchao hold them, and their bytes
choices     group to choice; `band` is the band's own name: a pattern, random, or the name of a suggestion
seed        the unit of the statistics; runs of one arm differ in it and in nothing else
fidelity    published, sound, or null; runs of different fidelity are not one study
band        start, stop, and the `blocks` asked for; those of band=random are drawn by the seed
adapted     blocks and modules that were found to train, in the adapted model; `lora`, null without it:
            rank, alpha, scale of all blocks (null where blocks differ); rank_units, the sum of ranks;
            ranks and scales, one a block of the model (0 and null where nothing is adapted);
            rank_asked, alpha_asked, scaling, budget as the config has them
penalty     kind, weight and settings, null without one; `directions`, k by shape of a matrix; of `matrices`
            so many are `whole`, punished for all of their update: all of them (is_l2sp) make it L2-SP
params      trainable, total
data        fingerprint of the text of train, probe and test rows, in order
items       task to n and fingerprint of the ids of its items, in order. Runs with one fingerprint answered
            the same items: samples.jsonl pairs them by task, filter and id; its stage is base or tuned
scores      a list: stage, task, metric, value, stderr over items, n, higher_is_better
scoring     special_tokens that stand in front of a text and behind it (ids); which rows shared `batches`:
            padded, of equal lengths, or one row, where others would change its numbers; `generation`: greedy,
            and what the model's own generation config asked for in vain (left_out); null without scores
selection   of data.select: settings, lengths and gradient norms of candidates and of the rows taken, overlap
            with what other choices would have taken; null without one
seconds     by stage; train is the sum of the steps; numbers from the cache took no time
tokens      null without probed states; by layer of the base: median_norm and largest_norm of tokens,
            massive tokens and massive_rows that hold one, at massive_ratio; by set of tokens, rows left_out
            for having none, and outlier_dimensions, the share of variance in the 1 and 3 largest
profiles    summaries of layers.csv, and spearman between them; of further readings of the states
            (probe.tokens, probe.dimensions) under `readings`, by name, as their tables are layers-NAME.csv
git, hardware, versions     commit and dirty flag, machine, libraries
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from src.config.schema import ModelConfig, RunConfig
from src.data.encode import Encoded
from src.data.splits import Splits
from src.errors import StorageError
from src.method.adapted import AdaptedModel
from src.method.penalty.chosen import describe_penalty
from src.model.loaded import LoadedModel
from src.model.quantized import describe_quantized
from src.record.folder import PREEMPTED
from src.record.provenance import git, hardware, peak_memory_gib, versions
from src.record.schema_version import SCHEMA_VERSION
from src.storage.files import fingerprint, write_json


def describe_machine(run_id: str, status: str, experiment: str, device: torch.device) -> dict[str, Any]:
    """When, where and with what code something was measured."""
    return {
        "schema_version": SCHEMA_VERSION,
        "id": run_id,
        "status": status,
        "experiment": experiment,
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "git": git(),
        "versions": versions(),
        "hardware": hardware(device),
        "peak_memory_gib": peak_memory_gib(device),
    }


def describe_run(config: RunConfig, run_id: str, status: str, device: torch.device) -> dict[str, Any]:
    """What is known of a run whatever became of it."""
    groups = ("model", "method", "band", "objective", "control", "data", "train", "metrics", "evaluate")
    choices = {group: getattr(config, group).name for group in groups} | {"record": config.record.mode}
    machine = describe_machine(run_id, status, config.experiment, device)
    return machine | {"choices": choices, "seed": config.seed, "fidelity": config.fidelity}


def describe_loaded(loaded: LoadedModel) -> dict[str, Any]:
    """Which weights these are; `num_layers` where it is another number than that of the blocks."""
    shared = {"num_layers": loaded.num_layers} if loaded.num_applications > 1 else {}
    return shared | {
        "id": loaded.id,
        "revision": loaded.revision,
        "fingerprint": loaded.fingerprint,
        "family": loaded.family,
        "num_blocks": loaded.num_blocks,
        "width": loaded.width,
        **describe_quantized(loaded.model),
    }


def describe_architecture(model: ModelConfig) -> dict[str, Any]:
    """What the report groups models by; null where the preset does not tell it."""
    return {
        "kind": model.kind,
        "residual": model.residual,
        "miniature_of": model.miniature_of,
        "num_parameters": model.num_parameters,
    }


def describe_model(config: RunConfig, adapted: AdaptedModel) -> dict[str, Any]:
    """Which weights, which band, and what trains in it; asked for and found are both told."""
    plan = adapted.plan
    lora = plan and {
        "rank": plan.rank,
        "alpha": plan.alpha,
        "scale": plan.scale,
        "rank_asked": config.method.rank,
        "alpha_asked": config.method.alpha,
        "rank_units": plan.rank_units,
        "ranks": [plan.ranks.get(block, 0) for block in range(adapted.loaded.num_blocks)],
        "scales": [
            plan.scale_of(block) if block in plan.ranks else None
            for block in range(adapted.loaded.num_blocks)
        ],
        "scaling": config.method.scaling,
        "budget": config.method.budget,
    }
    return {
        "model": describe_loaded(adapted.loaded) | describe_architecture(config.model),
        "band": {"start": config.band.start, "stop": config.band.stop, "blocks": adapted.asked},
        "adapted": {"blocks": adapted.blocks, "modules": adapted.modules, "lora": lora},
        "penalty": describe_penalty(adapted),
        "params": {"trainable": adapted.num_trainable, "total": adapted.num_total},
    }


def describe_data(splits: Splits, encoded: Encoded) -> dict[str, Any]:
    """Which rows, how many of each split, and what became of them on the way to tokens."""
    counts = {key: value for key, value in asdict(encoded).items() if key not in ("rows", "num_rows")}
    return {
        "source": splits.source,
        "fingerprint": splits.fingerprint,
        "num_train": encoded.num_rows,
        "num_probe": len(splits.probe),
        "num_test": len(splits.test),
        **({"num_validation": len(splits.validation)} if splits.validation else {}),
        "num_duplicates_left_out": splits.num_duplicates,
        **({"form": splits.form} if splits.form is not None else {}),
        **counts,
    }


def describe_items(samples: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What each task asked: runs whose fingerprints agree can be paired item by item."""
    ids: dict[str, dict[str, None]] = {}
    for sample in samples:
        ids.setdefault(sample["task"], {})[str(sample["id"])] = None
    return {task: {"n": len(found), "fingerprint": fingerprint(list(found))} for task, found in ids.items()}


def write_record(folder: Path, record: dict[str, Any]) -> None:
    """Write run.json, whole or not at all."""
    write_json(folder / "run.json", record)


def write_preempted(folder: Path) -> None:
    """Leave a note that the run was asked to stop and can go on."""
    write_json(folder / PREEMPTED, {"stopped": datetime.now(UTC).isoformat(timespec="seconds")})


def write_failure(folder: Path, record: dict[str, Any], error: Exception) -> None:
    """Record that a run failed and why; a full disk must not hide the error that led here."""
    line = f"{type(error).__name__}: {error}".splitlines()[0]
    try:
        write_record(folder, {**record, "status": "failed", "error": line})
    except StorageError:
        return
