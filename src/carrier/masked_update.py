"""A model whose update stands under masks, with a gradient to the masks and to the update."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from src.carrier.groups import Group
from src.carrier.masked_layer import FullLayer, LowRankLayer, MaskedLayer
from src.carrier.masks import Masks
from src.errors import ModelError
from src.intervene.engine.adapter_gates import AdapterGates
from src.intervene.engine.gates import OWN, Gates
from src.intervene.engine.mixed_weights import with_parameters
from src.intervene.engine.weight_gates import Moved, WeightGates
from src.model.linear_layers import LINEAR
from src.model.trunk import base_of


class MaskedUpdate:
    """All layers of a model whose update can be masked.

    Args:
        gates: of the tuned model.
        frozen_rest: full training: what else was tuned (norms, biases, embeddings, head) runs as in the base.

    Raises:
        ModelError: layers that no mask is known for.
    """

    def __init__(self, gates: Gates, frozen_rest: bool) -> None:
        self.gates, self.frozen_rest = gates, frozen_rest
        self.head_size = _head_size(gates.model)
        self.others: list[Moved] = []
        self.layers = list(self._layers())
        if not self.layers:
            raise ModelError("carrier: given a model without an update of a linear layer; needed: one")
        self.sizes: dict[Group, int] = {}
        for layer in self.layers:
            self.sizes.setdefault(layer.sides.row, layer.shape[0])
        for layer in self.layers:  # of a value vector that no layer has as its outputs, the inputs count
            self.sizes.setdefault(layer.sides.column, layer.shape[1])

    def trained(self) -> list[nn.Parameter]:
        """The parameters of the update itself, which ask for a gradient where it goes on training."""
        return [value for layer in self.layers for value in layer.parameters]

    def trained_values(self) -> dict[str, Tensor]:
        """What these parameters are now, by layer and place."""
        return {
            f"{layer.name}.{place}": value.detach()
            for layer in self.layers
            for place, value in enumerate(layer.parameters)
        }

    def set_trained(self, values: Mapping[str, Tensor]) -> None:
        """Give them the values of their names; those without one stay as they are."""
        with torch.no_grad():
            for name, value in self.trained_values().items():
                if name in values:
                    value.copy_(values[name])

    @contextmanager
    def restored(self) -> Iterator[None]:
        """Behind it the update is what it was, however it was trained inside."""
        before = {name: value.clone() for name, value in self.trained_values().items()}
        try:
            yield
        finally:
            self.set_trained(before)

    @contextmanager
    def under(self, masks: Masks) -> Iterator[None]:
        """Inside, the model runs with its update under masks; a backward pass may come later."""
        with ExitStack() as stack:
            for layer in self.layers:
                for module, values in layer.running(masks):
                    stack.enter_context(with_parameters(module, values))
            for place in self.others if self.frozen_rest else ():
                stack.enter_context(with_parameters(place.module, {place.name: place.base}))
            yield

    def add(self, name: str, masks: Masks, rest: bool = False) -> None:
        """Let gates know the masked update, or with `rest` what it leaves of the update, under a name."""
        found: dict[str, Any] = {layer.name: layer.kept(masks, rest) for layer in self.layers}
        if isinstance(self.gates, AdapterGates):
            self.gates.updates[name] = found
        elif isinstance(self.gates, WeightGates):
            own, as_base = self.gates.updates[OWN], self.frozen_rest != rest
            found |= {one.key: one.base if as_base else own[one.key] for one in self.others}
            self.gates.updates[name] = found

    def forget(self, name: str) -> None:
        """Take an update that was added away again."""
        if isinstance(self.gates, AdapterGates | WeightGates):
            del self.gates.updates[name]

    def density(self, masks: Masks) -> float:
        """Entries of the update that the masks leave, as a share: products of masks, not masks."""
        return self._share(self.layers, masks)

    def densities(self, masks: Masks) -> dict[tuple[int, str], float]:
        """The same by block and kind of layer (the last part of its name)."""
        return {
            (layer.sides.row[0], layer.name.removesuffix(".weight").rsplit(".", 1)[-1]): self._share(
                [layer], masks
            )
            for layer in self.layers
        }

    @staticmethod
    def _share(layers: list[MaskedLayer], masks: Masks) -> float:
        sums = [[float(mask.detach().sum()) for mask in layer.masks(masks)] for layer in layers]
        return sum(row * column for row, column in sums) / sum(
            rows * inputs for rows, inputs in (one.shape for one in layers)
        )

    def _layers(self) -> Iterator[MaskedLayer]:
        if isinstance(self.gates, AdapterGates):
            for part, layers in self.gates.layers.items():
                for layer in layers:
                    yield LowRankLayer(layer, int(part), self.head_size)
            return
        assert isinstance(self.gates, WeightGates)
        for part, places in self.gates.places.items():
            for place in places:
                if isinstance(part, int) and isinstance(place.module, LINEAR) and place.name == "weight":
                    yield FullLayer(place, self.gates.updates[OWN][place.key], part, self.head_size)
                else:
                    self.others.append(place)


def _head_size(model: nn.Module) -> int:
    config = base_of(model).config.get_text_config()
    return getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
