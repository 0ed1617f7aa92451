"""Gates of a LoRA update: the scale of the adapters of a block, so that nothing is written to the weights."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from torch import Tensor, nn

from src.intervene.engine.gates import OWN, Gate, Gates, spread
from src.intervene.engine.parts import Part, depth_order
from src.model.trunk import block_modules
from src.probe.weights.block_updates import is_lora, only_adapter

Factors = tuple[Tensor, Tensor]
"""A [rank, inputs] and B [outputs, rank] of one adapted layer."""


class AdaptedLayer:
    """The adapter of one linear layer."""

    def __init__(self, module: Any, name: str) -> None:  # peft's mixin, whose attributes no type tells
        self.module, self.name = module, name
        self.adapter = only_adapter(module, name)
        self.scale: float = module.scaling[self.adapter]
        self.own = (self._a.data, self._b.data)

    @property
    def _a(self) -> nn.Parameter:
        return self.module.lora_A[self.adapter].weight

    @property
    def _b(self) -> nn.Parameter:
        return self.module.lora_B[self.adapter].weight

    @property
    def moved(self) -> bool:
        """Whether the update is more than zeros; before the first step B is."""
        return bool(self.own[0].any()) and bool(self.own[1].any())

    def set(self, share: float, factors: Factors) -> None:
        """Run with a share of the update that the factors make."""
        self.module._disable_adapters = share == 0  # peft's own switch also changes which weights train
        self._a.data, self._b.data = factors
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
        self.layers: dict[Part, list[AdaptedLayer]] = {
            index: [
                AdaptedLayer(module, f"{name}.{inner}")
                for inner, module in block.named_modules()
                if is_lora(module)
            ]
            for index, (name, block) in enumerate(zip(blocks, modules, strict=True))
        }
        self.updates: dict[str, Mapping[str, Factors]] = {
            OWN: {layer.name: layer.own for layers in self.layers.values() for layer in layers}
        }
        """The factors of every adapted layer, for each update that a gate can name."""

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
