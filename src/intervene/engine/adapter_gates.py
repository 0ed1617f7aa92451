"""Gates of a LoRA update: the scale of the adapters of a block, so that nothing is written to the weights."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Generator, Tensor, nn

from src.control.random_direction import same_gram
from src.errors import ModelError
from src.intervene.engine.gates import OWN, Gate, Gates, spread
from src.intervene.engine.parts import Part, depth_order
from src.method.lora_layer import is_lora
from src.model.trunk import block_modules
from src.probe.weights.block_updates import only_adapter
from src.train.sharding import whole_block

Factors = tuple[Tensor, Tensor]
"""A [rank, inputs] and B [outputs, rank] of one adapted layer."""


class AdaptedLayer:
    """The adapter of one linear layer."""

    def __init__(self, module: Any, block: str, inner: str) -> None:  # peft's mixin has no types
        self.module, self.inner, self.name = module, inner, f"{block}.{inner}"
        name = self.name
        self.adapter = only_adapter(module, name)
        self.scale: float = module.scaling[self.adapter]
        self.own: Factors = (self._a.data, self._b.data)
        self.moved = bool(self.own[0].any()) and bool(self.own[1].any())
        """Whether the update is more than zeros; before the first step B is."""
        self._held = self.own

    @property
    def _a(self) -> nn.Parameter:
        return self.module.lora_A[self.adapter].weight

    @property
    def _b(self) -> nn.Parameter:
        return self.module.lora_B[self.adapter].weight

    @property
    def parameters(self) -> tuple[int, int]:
        """What Python knows A and B by."""
        return id(self._a), id(self._b)

    def set(self, share: float, factors: Factors) -> None:
        """Run with a share of the update that the factors make."""
        self.module._disable_adapters = share == 0  # peft's own switch also changes which weights train
        if factors is not self._held:  # factors in pieces are torch's to lay out, and no others are asked for
            self._a.data, self._b.data = self._held = factors
        self.module.scaling[self.adapter] = self.scale * share

    def restore(self) -> None:
        """As it was found."""
        self.set(1.0, self.own)


class AdapterGates(Gates):
    """Gates of the model that peft wraps, one a block.

    Args:
        model: with one plain LoRA adapter, unmerged.
        blocks: names of the blocks in the model that peft wraps, first to last.

    Raises:
        ModelError: another kind of adapter.
    """

    def __init__(self, model: nn.Module, blocks: Sequence[str]) -> None:
        super().__init__(model, depth_order(len(blocks)))
        modules = block_modules(model, blocks)
        self.layers: dict[Part, list[AdaptedLayer]] = {}
        for index, (name, block) in enumerate(zip(blocks, modules, strict=True)):
            with whole_block(block):
                self.layers[index] = [
                    AdaptedLayer(module, name, inner)
                    for inner, module in block.named_modules()
                    if is_lora(module)
                ]
        self.updates: dict[str, Mapping[str, Factors]] = {
            OWN: {layer.name: layer.own for layer in self._layers()}
        }
        """The factors of every adapted layer, for each update that a gate can name."""

    def add_noise(self, name: str, draw: Generator) -> None:
        """Factors of the same Grams in random subspaces."""
        self.updates[name] = {
            layer.name: _like(layer.own, same_gram(layer.own, draw)) for layer in self._layers()
        }

    def add_permuted(self, name: str, draw: Generator) -> None:
        """Each layer's own numbers, inputs of A and outputs of B in a random order."""
        found: dict[str, Factors] = {}
        for layer in self._layers():
            a, b = layer.own
            inputs, outputs = (torch.randperm(n, generator=draw).to(a.device) for n in (a.shape[1], len(b)))
            found[layer.name] = (a[:, inputs], b[outputs])
        self.updates[name] = found

    def add_shifted(self, name: str, source: Mapping[Part, Part]) -> None:
        """Factors of the layer of the same name in another block, with the scale that they have there.

        Raises:
            ModelError: the other block has no layer of the same name and shape.
        """
        found: dict[str, Factors] = {}
        for part, other in source.items():
            from_inner = {layer.inner: layer for layer in self.layers[other]}
            for layer in self.layers[part]:
                if (taken := from_inner.get(layer.inner)) is None or _shapes(taken) != _shapes(layer):
                    raise ModelError(f"block {other}: given no layer like {layer.name}; needed: blocks alike")
                a, b = taken.own
                found[layer.name] = (a, b * (taken.scale / layer.scale))
        self.updates[name] = found

    def add_stored(self, name: str, tensors: Mapping[str, Tensor]) -> None:
        """Factors under the names that they have in the model peft wraps."""
        names = {id(parameter): key for key, parameter in self.model.named_parameters()}
        self.updates[name] = {
            layer.name: _like(layer.own, tuple(tensors[names[key]] for key in layer.parameters))
            for layer in self._layers()
        }

    def _layers(self) -> Iterator[AdaptedLayer]:
        for layers in self.layers.values():
            yield from layers

    @property
    def update_names(self) -> list[str]:
        """OWN and whatever was added."""
        return list(self.updates)

    @property
    def moved(self) -> list[Part]:
        """Blocks with an adapter that is more than zeros."""
        return [part for part in self.parts if any(layer.moved for layer in self.layers.get(part, []))]

    @contextmanager
    def at(self, part: Part, gate: Gate) -> Iterator[None]:
        """The adapters of the block scaled by the share; off at 0."""
        layers, factors = self.layers.get(part, []), self.updates[gate.update]
        try:
            for layer in layers:
                layer.set(gate.share, factors[layer.name])
            yield
        finally:
            for layer in layers:
                layer.restore()

    @contextmanager
    def traced(self, part: Part, share: Tensor) -> Iterator[None]:
        """What every adapter adds is multiplied by the share."""

        def scaled(_factor: nn.Module, _args: tuple[Any, ...], added: Tensor) -> Tensor:
            return spread(share, added) * added

        with ExitStack() as hooks:
            for layer in self.layers.get(part, []):
                factor = layer.module.lora_B[layer.adapter]
                hooks.callback(factor.register_forward_hook(scaled).remove)
            yield


def _like(own: Factors, others: tuple[Tensor, ...]) -> Factors:
    """The factors on the device and of the type of one's own."""
    a, b = (other.to(mine) for other, mine in zip(others, own, strict=True))
    return a, b


def _shapes(layer: AdaptedLayer) -> tuple[int, int]:
    """Inputs and outputs; ranks may differ."""
    a, b = layer.own
    return a.shape[1], b.shape[0]
