"""Gates of full weights: the base tensors, the tuned ones, or a mixture of both."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import torch
from torch import Generator, Tensor, nn

from src.control.random_direction import same_spectrum
from src.errors import ModelError
from src.intervene.engine.gates import OWN, Gate, Gates
from src.intervene.engine.mixed_weights import mixed_outputs, mixed_weights
from src.intervene.engine.parts import EMBEDDINGS, HEAD, Part, Place, depth_order, places
from src.probe.lens.head_path import HeadPath


@dataclass(frozen=True)
class Moved(Place):
    """A parameter that tuning changed."""

    key: str
    """Its name in the model, one for all places of a tied parameter."""
    base: Tensor


class WeightGates(Gates):
    """Gates of a model whose own weights were tuned.

    The tensors of both sides are kept, and a gate of 0 or 1 points at them; any other gate is computed in
    float32 when it is asked for.

    Args:
        model: it answers as the base or as the tuned model, and does so again after every context.
        blocks: names of its blocks, first to last.
        head: what it does after them.
        base, tuned: tensors of the weights that differ, by name; what one of them lacks is as in the model.
    """

    def __init__(
        self,
        model: nn.Module,
        blocks: Sequence[str],
        head: HeadPath,
        base: Mapping[str, Tensor],
        tuned: Mapping[str, Tensor],
    ) -> None:
        super().__init__(model, depth_order(len(blocks)))
        self.blocks = blocks
        self.names = {id(parameter): name for name, parameter in model.named_parameters()}
        self.updates: dict[str, Mapping[str, Tensor]] = {OWN: {}}
        """The tuned tensors by name, for each update that a gate can name."""
        own: dict[str, Tensor] = {}
        self.places: dict[Part, list[Moved]] = {part: [] for part in self.parts}
        for part, place in places(model, blocks, head):
            key = self.names[id(place.parameter)]
            before, after = (side.get(key, place.parameter.data) for side in (base, tuned))
            if not torch.equal(before, after):
                self.places[part].append(Moved(place.module, place.name, place.parameter, key, before))
                own[key] = after
        self.updates[OWN] = own

    def add_noise(self, name: str, draw: Generator) -> None:
        """Of the blocks; what stands around them is not disturbed."""
        own = self.updates[OWN]
        self.updates[name] = {
            place.key: self._added(place, same_spectrum(own[place.key].float() - place.base.float(), draw))
            for part in self.parts[1:-1]
            for place in self.places[part]
        }

    def add_shifted(self, name: str, source: Mapping[Part, Part]) -> None:
        """The difference of the tensor of the same name in another block.

        Raises:
            ModelError: the other block has no tensor of the same name and shape.
        """
        own, found = self.updates[OWN], {}
        for part, other in source.items():
            from_inner = {self._inner(place, other): place for place in self.places[other]}
            for place in self.places[part]:
                taken = from_inner.get(self._inner(place, part))
                if taken is None or taken.base.shape != place.base.shape:
                    raise ModelError(f"block {other}: given no tensor like {place.key}; needed: blocks alike")
                found[place.key] = self._added(place, own[taken.key].float() - taken.base.float())
        self.updates[name] = found

    def add_stored(self, name: str, tensors: Mapping[str, Tensor]) -> None:
        """The tuned tensors of another run; what it did not train is the base's."""
        self.updates[name] = {
            place.key: tensors[place.key].to(place.base) if place.key in tensors else place.base
            for places_of_part in self.places.values()
            for place in places_of_part
        }

    def _inner(self, place: Moved, part: Part) -> str:
        return place.key.removeprefix(f"{self.blocks[int(part)]}.")

    @staticmethod
    def _added(place: Moved, update: Tensor) -> Tensor:
        return (place.base.float() + update.to(place.base.device)).to(place.base.dtype)

    @property
    def update_names(self) -> list[str]:
        """OWN and whatever was added."""
        return list(self.updates)

    @property
    def moved(self) -> list[Part]:
        """Parts with a tensor that differs."""
        return [part for part in self.parts if self.places[part]]

    @property
    def tied(self) -> bool:
        """Looked up in the places of both."""
        first, last = ({place.key for place in self.places[part]} for part in (EMBEDDINGS, HEAD))
        return bool(first & last)

    @contextmanager
    def at(self, part: Part, gate: Gate) -> Iterator[None]:
        """The weights of the part, exchanged in place."""
        resting = [(place.parameter, place.parameter.data) for place in self.places[part]]
        try:
            for place in self.places[part]:
                place.parameter.data = self._tensor(place, gate)
            yield
        finally:
            for parameter, tensor in resting:
                parameter.data = tensor

    @contextmanager
    def whole(self, gates: Mapping[Part, Gate]) -> Iterator[None]:
        """As for all gates; ModelError where a tied tensor would need two values at once."""
        if self.tied and gates[EMBEDDINGS] != gates[HEAD]:
            raise ModelError(
                "the head is tied to the input embedding: given another gate for it; accepted: the same"
            )
        with super().whole(gates):
            yield

    @contextmanager
    def traced(self, part: Part, share: Tensor) -> Iterator[None]:
        """One share: mixed weights. A share a row: mixed outputs, module by module.

        They are the same where a module's output is linear in its own parameters (linear layers, norms,
        embeddings, convolutions).
        """
        tuned = self.updates[OWN]
        with ExitStack() as stack:
            for module, found in _by_module(self.places[part]).items():
                base = {place.name: place.base for place in found}
                update = {place.name: tuned[place.key] for place in found}
                context = mixed_outputs if share.ndim else mixed_weights
                stack.enter_context(context(module, base, update, share))
            yield

    def _tensor(self, place: Moved, gate: Gate) -> Tensor:
        if gate.share == 0:
            return place.base
        tuned = self.updates[gate.update][place.key]
        if gate.share == 1:
            return tuned
        return torch.lerp(place.base.float(), tuned.float(), gate.share).to(tuned.dtype)


def _by_module(found: Sequence[Moved]) -> dict[nn.Module, list[Moved]]:
    modules: dict[nn.Module, list[Moved]] = {}
    for place in found:
        modules.setdefault(place.module, []).append(place)
    return modules
