"""A fitted carrier on disk: carrier.safetensors with the numbers behind its masks, and how it came about."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch import Tensor

from src.carrier.dual import Dual
from src.carrier.fit import Fitted
from src.carrier.groups import Group
from src.carrier.masks import Masks
from src.config.carrier import CarrierSettings
from src.storage.files import fingerprint, read_object, write_json

WEIGHTS, ABOUT = "carrier.safetensors", "fit.json"
_WEIGHT = "weight."


def write_fit(folder: Path, key: Any, fitted: Fitted, weights: Mapping[str, Tensor]) -> None:
    """Masks, and the update's own weights where it went on training; fit.json comes last."""
    folder.mkdir(parents=True, exist_ok=True)
    theta = {_name(group): value.detach().contiguous() for group, value in fitted.masks.theta.items()}
    trained = {f"{_WEIGHT}{name}": value.detach().contiguous() for name, value in weights.items()}
    save_file(theta | trained, folder / WEIGHTS)
    dual = fitted.dual.state
    about = {"key": fingerprint(key), "groups": list(theta), "dual": dual, "steps": fitted.steps}
    write_json(folder / ABOUT, about)


def read_fit(
    folder: Path, key: Any, settings: CarrierSettings, rho: float
) -> tuple[Fitted, dict[str, Tensor]] | None:
    """What `write_fit` wrote; None where nothing is there or it was made of something else."""
    if not (folder / ABOUT).is_file() or (about := read_object(folder / ABOUT)).get("key") != fingerprint(
        key
    ):
        return None
    stored = load_file(folder / WEIGHTS)
    theta = {_group(name): stored[name] for name in about["groups"]}  # random carriers draw in this order
    weights = {
        name.removeprefix(_WEIGHT): value for name, value in stored.items() if name.startswith(_WEIGHT)
    }
    dual = Dual.from_state(settings, rho, about["dual"])
    return Fitted(Masks(theta), dual, about["steps"]), weights


def _name(group: Group) -> str:
    return ".".join(map(str, group))


def _group(name: str) -> Group:
    block, half, vector = name.split(".")
    return int(block), half, vector
