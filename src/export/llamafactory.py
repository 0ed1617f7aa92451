"""LLaMA-Factory: a file for `llamafactory-cli train FILE`."""

from typing import Any

from src.errors import DataError
from src.export.chat import llamafactory_rows
from src.export.form import Form, about, as_yaml, beyond, one_rank, steps_of, whole_alpha
from src.export.handover import Handover


def to_llamafactory(run: Handover) -> list[Form]:
    """Its own keys for the method, the Trainer's for the steps; layers are named in full."""
    notes = beyond(run)
    rows, files = llamafactory_rows(run, notes)
    values = {
        "model_name_or_path": run.base,
        "model_revision": run.revision,
        "stage": "sft",
        "do_train": True,
        **rows,
        "cutoff_len": run.max_length,
        "output_dir": f"{run.run}-llamafactory",
        **(_lora(run, notes) if run.low_rank else _freeze(run)),
        **steps_of(run),
    }
    text = as_yaml(about(run, "llamafactory-cli train"), values, notes)
    return [Form("llamafactory.yaml", text, notes), *files]


def _lora(run: Handover, notes: list[str]) -> dict[str, Any]:
    rank, alpha = one_rank(run, "llamafactory")
    return {
        "finetuning_type": "lora",
        "lora_rank": rank,
        "lora_alpha": whole_alpha(alpha, notes),
        "lora_dropout": run.dropout,
        "lora_target": ",".join(run.modules),
        "use_rslora": run.use_rslora,
    }


def _freeze(run: Handover) -> dict[str, Any]:
    """Full weights of a band at either end of the stack: the first or the last n layers.

    Raises:
        DataError: the band touches neither end, or everything trained.
    """
    blocks, count = list(run.blocks), len(run.blocks)
    outside = [name for name in run.modules if not name.startswith(f"{run.prefix}.")]
    if outside and count == run.num_blocks:
        return {"finetuning_type": "full"}
    if outside:
        raise DataError(f"--to llamafactory: given {outside[0]} beside a band; freeze trains blocks alone")
    if blocks == list(range(count)):
        return {"finetuning_type": "freeze", "freeze_trainable_layers": -count}
    if blocks == list(range(run.num_blocks - count, run.num_blocks)):
        return {"finetuning_type": "freeze", "freeze_trainable_layers": count}
    raise DataError(
        f"--to llamafactory: given full weights of blocks {blocks[0]} to {blocks[-1]} of {run.num_blocks}; "
        "freeze trains the first or the last n layers; accepted: --to axolotl"
    )
