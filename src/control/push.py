"""The null: a random update in place of training, of the size that was asked for or that another run has.

Without training no tensor of the update knows the data, the objective or its own place in depth. What a
profile of it shows is what the model makes of any update of these sizes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from src.config.schema import ControlConfig
from src.control.groups import block_of, make_groups
from src.control.lora_factors import AdaptedLayer
from src.control.random_direction import Factors, random_direction, random_factors, same_gram, same_spectrum
from src.control.source import FINISHED, WEIGHTS, refuse_blocks, refuse_source, source_record
from src.method.adapted import AdaptedModel, owner
from src.method.catalog import method_of
from src.method.lora_layer import lora_layer
from src.method.rank import LoraPlan
from src.method.weights import stored_tensors
from src.runtime.seeding import generator

Norms = tuple[float, float]
"""||dW|| and ||W|| of one tensor, or of the weight that low-rank factors are merged into."""


@dataclass(frozen=True)
class Push:
    """One draw of the null; it was checked on the model that it is given."""

    config: ControlConfig
    seed: int

    def apply(self, adapted: AdaptedModel) -> dict[str, Any]:
        """Push the untrained weights in place.

        With a source, everything that trains is pushed as far as the source moved it; without one, what is in
        a group of the control. A tensor's direction follows from the seed and its name alone.

        Returns:
            What the record says of it: `source`, the id of the run whose sizes these are, or None;
            `block_relative_sizes`, ||dW|| / ||W|| of each block over what was pushed; None where nothing was.
        """
        folder = None if self.config.source is None else Path(self.config.source)
        tuned = None if folder is None else stored_tensors(method_of(adapted), folder / WEIGHTS)
        chosen = None if tuned else {n for one in make_groups(adapted, self.config)[0] for n in one.members}
        norms: dict[str, Norms] = {}
        with torch.no_grad():
            for name, factors in _factors(adapted).items():
                if chosen is None or name in chosen:
                    of_source = None if tuned is None else (tuned[factors[0]], tuned[factors[1]])
                    norms[name] = self._push_layer(name, adapted, of_source)
            for name, value in adapted.trainable.items():
                if ".lora_" not in name and (chosen is None or name in chosen):
                    norms[name] = self._push_tensor(name, value, None if tuned is None else tuned[name])
        sizes = _block_relative_sizes(norms, adapted)
        return {"source": folder and folder.resolve().name, "block_relative_sizes": sizes}

    def _push_tensor(self, name: str, value: Tensor, tuned: Tensor | None) -> Norms:
        """Of a tensor that is trained itself."""
        draw, weight = generator(self.seed, "push", name), _norm(value)
        moved = None if tuned is None else tuned.to(value.device) - value
        if moved is not None and self.config.spectrum:
            update = same_spectrum(moved, draw)
        else:
            size = self._size(weight) if moved is None else _norm(moved)
            update = random_direction(value.shape, size, draw)
        value.add_(update.to(value))
        return _norm(update), weight

    def _push_layer(self, name: str, adapted: AdaptedModel, tuned: Factors | None) -> Norms:
        """Of a layer with low-rank factors A and B; `tuned`: those of the source."""
        layer = AdaptedLayer(lora_layer(adapted.model, name))
        draw, weight = generator(self.seed, "push", name), _norm(layer.weight)
        a, b = layer.factors
        size = self._size(weight) if tuned is None else layer.scale * _product_norm(*tuned)
        if tuned is not None and self.config.spectrum:
            drawn = same_gram(tuned, draw)
        else:
            drawn = random_factors((a.shape, b.shape), size / layer.scale, draw)
        for factor, value in zip((a, b), drawn, strict=True):
            factor.copy_(value)
        return size, weight

    def _size(self, weight: float) -> float:
        return (self.config.size or 0.0) * weight  # it has one where no source is


def make_push(config: ControlConfig, adapted: AdaptedModel, seed: int) -> Push | None:
    """The push that the config asks for; None where the run trains.

    Raises:
        ConfigError: the source has other blocks, other tensors or another base, or is no finished run.
    """
    if not config.pushes:
        return None
    if config.source is not None:
        _check_source(Path(config.source), adapted)
    return Push(config, seed)


def _check_source(folder: Path, adapted: AdaptedModel) -> None:
    """ConfigError unless the run there trained exactly these tensors of this model."""
    record, loaded = source_record(folder, FINISHED), adapted.loaded
    found, model, plan = record.get("adapted", {}), record.get("model", {}), adapted.plan
    blocks = found.get("blocks", [])
    if blocks != adapted.blocks or model.get("num_blocks") != loaded.num_blocks:
        refuse_blocks(folder, blocks, model.get("num_blocks", 0), adapted.blocks, loaded.num_blocks)
    if model.get("fingerprint") != loaded.fingerprint:
        refuse_source(folder, f"of other weights: {model.get('id')}", f"a run that began with {loaded.id}")
    lora = found.get("lora") or {}
    theirs = [lora.get("ranks", []), lora.get("scales", [])]
    every = range(loaded.num_blocks)
    ours = [[plan.ranks.get(block, 0) for block in every], _scales(plan, every)] if plan else [[], []]
    if found.get("modules") != adapted.modules or theirs != ours:
        refuse_source(folder, "other layers, ranks or scales", "a run with the method and band of this one")


def _scales(plan: LoraPlan, blocks: range) -> list[float | None]:
    return [plan.scale_of(block) if block in plan.ranks else None for block in blocks]


def _factors(adapted: AdaptedModel) -> dict[str, list[str]]:
    """By the name of each layer with low-rank factors, the names of A and B among what trains."""
    if not adapted.config.of_kind.low_rank:
        return {}
    names = [name for name in adapted.trainable if ".lora_" in name]
    found: dict[str, list[str]] = {}
    for name in sorted(names):  # lora_A before lora_B
        found.setdefault(owner(name), []).append(name)
    return found


def _block_relative_sizes(norms: Mapping[str, Norms], adapted: AdaptedModel) -> list[float | None]:
    found: list[float | None] = []
    for block in range(adapted.loaded.num_blocks):
        mine = [one for name, one in norms.items() if block_of(name, adapted) == block]
        update, weight = (
            (sum(norm**2 for norm in side) for side in zip(*mine, strict=True)) if mine else (0, 0)
        )
        found.append((update / weight) ** 0.5 if weight else None)
    return found


def _norm(tensor: Tensor) -> float:
    return float(torch.linalg.vector_norm(tensor.detach(), dtype=torch.float64))


def _product_norm(a: Tensor, b: Tensor) -> float:
    """||B A||_F; B A is not built."""
    a, b = a.double(), b.double()
    return float(((b.T @ b) * (a @ a.T)).sum().clamp(min=0).sqrt())
