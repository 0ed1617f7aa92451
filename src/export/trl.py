"""TRL: a file for `trl sft --config FILE`."""

from src.export.chat import trl_rows
from src.export.form import Form, about, as_yaml, beyond, one_rank, only_lora, steps_of, whole_alpha
from src.export.handover import Handover


def to_trl(run: Handover) -> list[Form]:
    """Keys of TRL's ModelConfig and SFTConfig; layers are named in full, so that only the band's train."""
    only_lora(run, "trl", "accepted: --to axolotl, or a run of LoRA")
    notes = beyond(run)
    learned, files = trl_rows(run, notes)
    rank, alpha = one_rank(run, "trl")
    values = {
        "model_name_or_path": run.base,
        "model_revision": run.revision,
        "output_dir": f"{run.run}-trl",
        "max_length": run.max_length,
        **learned,
        "use_peft": True,
        "lora_r": rank,
        "lora_alpha": whole_alpha(alpha, notes),
        "lora_dropout": run.dropout,
        "use_rslora": run.use_rslora,
        "lora_target_modules": list(run.modules),
        **steps_of(run),
    }
    return [Form("trl_sft.yaml", as_yaml(about(run, "trl sft --config"), values, notes), notes), *files]
