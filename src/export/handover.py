"""What a finished run hands over: which modules trained, with which ranks, on what base, by which steps."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from src.config.renamed import read_config
from src.errors import DataError
from src.statistics.complete import shared
from src.storage.files import as_written, read_json

ADAPTER = "adapter"
_PLAIN = (
    ("method", "penalty", "none"),
    ("control", "kind", "none"),
    ("data", "select", "none"),
    ("train", "activation_rank", None),
)


@dataclass(frozen=True)
class ChatRows:
    """The conversations that a run was trained on."""

    supervise: str
    """all or last: which answers the loss looked at."""
    template: str | None
    """The file of the chat template; None: the tokenizer's own."""


@dataclass(frozen=True)
class Handover:
    """A run as another tool must know it."""

    run: str
    """Its id."""
    folder: Path
    base: str
    """What the tool shall load: a hub id or a folder."""
    revision: str | None
    loadable: bool
    """Whether other tools find the base under this name: a hub id, a folder, or a name given for them."""
    quantization: str
    """How the base was held while it trained: none, int8 or nf4."""
    modules: tuple[str, ...]
    """LoRA: full names of the adapted layers. Full: the modules whose own parameters train."""
    blocks: tuple[int, ...]
    num_blocks: int
    prefix: str
    """Name of the list of blocks, such as model.layers; empty where the blocks are no such list."""
    ranks: dict[str, int]
    """LoRA: rank of each adapted layer."""
    alphas: dict[str, float]
    dropout: float
    use_rslora: bool
    train: dict[str, Any]
    """The section `train` of the run's configuration."""
    max_length: int
    seed: int
    chat: ChatRows | None
    """None: its rows were no chats."""
    objective: str
    learns_prompts: bool
    """Whether the loss looked at the prompts of rows, too."""
    beyond: tuple[str, ...]
    """Settings that changed its steps and that no other trainer has, as key=value."""
    out: Path
    """Where the files of the export will lie."""

    @property
    def low_rank(self) -> bool:
        """Whether an adapter trained, and not the weights themselves."""
        return bool(self.ranks)

    @property
    def rank(self) -> int | None:
        """The rank that all layers share; None where they differ."""
        return shared(self.ranks.values())

    @property
    def alpha(self) -> float | None:
        """The alpha that all layers share; None where they differ."""
        return shared(self.alphas.values())

    @property
    def suffixes(self) -> list[str]:
        """Last parts of the adapted layers' names, each once, in their order: q_proj, k_proj."""
        return list(dict.fromkeys(name.rpartition(".")[2] for name in self.modules))

    @property
    def adapter(self) -> Path:
        """The folder of the tuned weights."""
        return self.folder / ADAPTER


def read_handover(folder: Path, base: str | None = None, out: Path = Path()) -> Handover:
    """What the finished run in `folder` hands over; `base` names other weights for the tool to load.

    `out` is the folder that files for the tool are written into.

    Raises:
        DataError: no finished run is there, or it trained nothing.
        StorageError: what is there is damaged.
    """
    with as_written(folder):
        return _handover(folder, base, out)


def _handover(folder: Path, base: str | None, out: Path) -> Handover:
    record = _record(folder)
    config = read_config(folder / "config.yaml")
    adapted = record["adapted"]
    if not adapted["modules"]:
        raise DataError(f"{folder}: trained nothing; accepted: a run of LoRA or of full weights")
    lora = adapted["lora"]
    modules = tuple(adapted["modules"])
    return Handover(
        run=record["id"],
        folder=folder,
        base=base or record["model"]["id"],
        revision=None if base else record["model"]["revision"],
        loadable=base is not None or config["model"].get("source") == "hub",
        quantization=config["model"].get("quantization", "none"),
        modules=modules,
        blocks=tuple(adapted["blocks"]),
        num_blocks=record["model"]["num_blocks"],
        prefix=_prefix(modules, adapted["blocks"]),
        ranks=_by_layer(folder, modules, "r", "rank_pattern") if lora else {},
        alphas=_by_layer(folder, modules, "lora_alpha", "alpha_pattern") if lora else {},
        dropout=float(config["method"].get("dropout") or 0.0),
        use_rslora=bool(lora) and lora["scaling"] == "rslora",
        train=config["train"],
        max_length=config["data"]["max_length"],
        seed=record["seed"],
        chat=_chat(config["data"]),
        objective=config["objective"]["name"],
        learns_prompts=config["objective"].get("supervise") == "all",
        beyond=tuple(
            f"{section}.{key}={config[section][key]}"
            for section, key, plain in _PLAIN
            if config[section].get(key, plain) != plain
        ),
        out=out,
    )


def _chat(data: dict[str, Any]) -> ChatRows | None:
    if data.get("form", "fields") != "chat":
        return None
    return ChatRows(data["supervise"], data["chat_template"])


def _record(folder: Path) -> dict[str, Any]:
    path = folder / "run.json"
    if not path.is_file():
        raise DataError(f"{folder}: given no finished run; accepted: runs/EXPERIMENT/ID with a run.json")
    record: dict[str, Any] = read_json(path)
    if record.get("status") != "success" or "adapted" not in record:
        status = record.get("status") if "adapted" in record else "a comparison"
        raise DataError(f"{folder}: given status {status}; accepted: a run that was trained to its end")
    return record


def _by_layer(folder: Path, modules: tuple[str, ...], key: str, pattern: str) -> dict[str, Any]:
    """A number of every adapted layer, as the adapter's own configuration has it."""
    values = read_json(folder / ADAPTER / "adapter_config.json")
    found = {name.replace("\\", ""): value for name, value in (values.get(pattern) or {}).items()}
    return {name: found.get(name, values[key]) for name in modules}


def _prefix(modules: tuple[str, ...], blocks: list[int]) -> str:
    """What stands before the block's number in the names of all modules inside blocks."""
    found = {
        ".".join(parts[:index])
        for parts in (name.split(".") for name in modules)
        for index, part in enumerate(parts)
        if part.isdigit() and int(part) in blocks
    }
    return found.pop() if len(found) == 1 else ""
