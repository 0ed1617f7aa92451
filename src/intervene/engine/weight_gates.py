"""Gates of full weights: the base tensors, the tuned ones, or a mixture of both."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from src.errors import ModelError
from src.intervene.engine.gates import OWN, Gate, Gates, spread
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

    @property
    def moved(self) -> list[Part]:
        """Parts with a tensor that differs."""
        return [part for part in self.parts if self.places[part]]

    @property
    def tied(self) -> bool:
        """Whether one moved tensor is both input embedding and head."""
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
                context = _mixed_outputs if share.ndim else _mixed_weights
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


@contextmanager
def _with_parameters(module: nn.Module, values: Mapping[str, Tensor]) -> Iterator[None]:
    """Inside, the module's own parameters are these tensors, which gradients may pass."""
    parameters: dict[str, Any] = module._parameters  # takes any tensor, not Parameters alone
    before = {name: parameters[name] for name in values}
    try:
        parameters.update(values)
        yield
    finally:
        parameters.update(before)


@contextmanager
def _mixed_weights(
    module: nn.Module, base: Mapping[str, Tensor], tuned: Mapping[str, Tensor], share: Tensor
) -> Iterator[None]:
    mixed = {name: base[name] + share * (tuned[name] - base[name]) for name in base}
    with _with_parameters(module, mixed):
        yield


@contextmanager
def _mixed_outputs(
    module: nn.Module, base: Mapping[str, Tensor], tuned: Mapping[str, Tensor], share: Tensor
) -> Iterator[None]:
    forward: Callable[..., Any] = module.forward

    def mixed(*args: Any, **kwargs: Any) -> Tensor:
        with _with_parameters(module, base):
            before = forward(*args, **kwargs)
        with _with_parameters(module, tuned):
            after = forward(*args, **kwargs)
        if not isinstance(after, Tensor):
            raise ModelError(f"gates: {type(module).__name__} answers with several values; accepted: one")
        return before + spread(share, after) * (after - before)

    module.forward = mixed
    try:
        yield
    finally:
        del module.forward
