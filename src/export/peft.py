"""peft: the trained adapter itself, under the name of its base, or the LoraConfig of a new one."""

import json
from typing import Any

from src.export.form import Form, about, beyond, only_lora
from src.export.handover import Handover
from src.storage.files import read_json

_WEIGHTS_OF_A_RUN = ("peft_version", "inference_mode", "auto_mapping")


def to_peft(run: Handover) -> list[Form]:
    """adapter_config.json for `LoraConfig.from_pretrained`; the same modules, ranks and scales train."""
    only_lora(run, "peft", "accepted: --merged FOLDER, whole weights")
    values: dict[str, Any] = read_json(run.adapter / "adapter_config.json")
    values = {key: value for key, value in values.items() if key not in _WEIGHTS_OF_A_RUN}
    values |= {
        "base_model_name_or_path": run.base,
        "revision": run.revision,
        "task_type": "CAUSAL_LM",
        "target_modules": list(run.modules),
        "inference_mode": False,
    }
    note = f"{about(run, 'peft')} The trained weights: {run.adapter}"
    return [Form("adapter_config.json", json.dumps(values, indent=2) + "\n", [note, *beyond(run)])]
