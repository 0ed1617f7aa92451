"""The tools that an export knows: one file each."""

from collections.abc import Callable

from src.export.axolotl import to_axolotl
from src.export.form import Form
from src.export.handover import Handover
from src.export.llamafactory import to_llamafactory
from src.export.mergekit import to_mergekit
from src.export.peft import to_peft
from src.export.trl import to_trl
from src.export.unsloth import to_unsloth

TOOLS: dict[str, Callable[[Handover], list[Form]]] = {
    "peft": to_peft,
    "trl": to_trl,
    "axolotl": to_axolotl,
    "llamafactory": to_llamafactory,
    "unsloth": to_unsloth,
    "mergekit": to_mergekit,
}
