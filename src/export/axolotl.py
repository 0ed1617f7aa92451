"""Axolotl: a file for `axolotl train FILE`."""

import re
from typing import Any

from src.export.chat import axolotl_rows
from src.export.form import Form, about, as_yaml, beyond, steps_of, whole_alpha
from src.export.handover import Handover


def to_axolotl(run: Handover) -> list[Form]:
    """Keys of Axolotl's schema. LoRA: layers named in full; full weights: a pattern of what is not frozen."""
    notes = beyond(run)
    rows, files = axolotl_rows(run, notes)
    values = _steps(run) | {
        "base_model": run.base,
        "revision_of_model": run.revision,
        **rows,
        "sequence_len": run.max_length,
        "output_dir": f"./{run.run}-axolotl",
    }
    values |= _lora(run, notes) if run.low_rank else {"unfrozen_parameters": _patterns(run)}
    return [Form("axolotl.yaml", as_yaml(about(run, "axolotl train"), values, notes), notes), *files]


def _steps(run: Handover) -> dict[str, Any]:
    steps = steps_of(run)
    return {
        "micro_batch_size": steps["per_device_train_batch_size"],
        "gradient_accumulation_steps": steps["gradient_accumulation_steps"],
        "num_epochs": steps["num_train_epochs"],
        "max_steps": steps["max_steps"],
        "learning_rate": steps["learning_rate"],
        "lr_scheduler": steps["lr_scheduler_type"],
        "warmup_steps": steps["warmup_steps"],
        "optimizer": "adamw_torch",
        "weight_decay": steps["weight_decay"],
        "max_grad_norm": steps["max_grad_norm"],
        "adam_beta1": steps["adam_beta1"],
        "adam_beta2": steps["adam_beta2"],
        "adam_epsilon": steps["adam_epsilon"],
        "bf16": steps["bf16"],
        "seed": steps["seed"],
    }


def _lora(run: Handover, notes: list[str]) -> dict[str, Any]:
    first = run.modules[0]
    ranks = {} if run.rank else {"lora_rank_pattern": run.ranks}
    alphas = {name: whole_alpha(alpha, []) for name, alpha in run.alphas.items()}
    patterns = ranks | ({} if run.alpha else {"lora_alpha_pattern": alphas})
    return {
        "adapter": "lora",
        "lora_r": run.ranks[first],
        "lora_alpha": whole_alpha(run.alphas[first], notes),
        "lora_dropout": run.dropout,
        "lora_target_modules": list(run.modules),
        "peft_use_rslora": run.use_rslora or None,
        **patterns,
    }


def _patterns(run: Handover) -> list[str]:
    """Regular expressions at the start of the names of all parameters that train."""
    return [f"^{re.escape(name)}\\." for name in run.modules]
