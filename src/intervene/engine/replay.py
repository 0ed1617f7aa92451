"""A model run part by part, so that a state that several variants share is computed once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from src.errors import ModelError
from src.intervene.engine.gates import BASE, TUNED, Gate, Gates
from src.intervene.engine.parts import EMBEDDINGS, HEAD, Part
from src.model.trunk import base_of, block_modules, trunk_of, without_cache
from src.probe.lens.head_path import HeadPath, sample_ids
from src.probe.states.probe_pass import evaluating

Batch = Mapping[str, Tensor]
"""input_ids and attention_mask [row, token], padding on the right."""
NUM_ROWS, NUM_TOKENS = 2, 6  # of the pass that checks the replay


@dataclass(frozen=True)
class Call:
    """What a block is called with beside the hidden states; it depends on the batch and on no weight."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def on(self, block: nn.Module, states: Tensor) -> Tensor:
        """The block's output states."""
        if "hidden_states" in self.kwargs:
            output = block(*self.args, **self.kwargs | {"hidden_states": states})
        else:
            output = block(states, *self.args[1:], **self.kwargs)
        return output if isinstance(output, Tensor) else output[0]


@dataclass(frozen=True)
class Passing:
    """A batch on its way through the parts."""

    batch: Batch
    states: Tensor = field(default_factory=lambda: torch.empty(0))
    """What left the last part [row, token, width]; empty before the first."""
    calls: Sequence[Call] = ()
    """How each block is called; known once the embeddings are passed."""


class Replay:
    """A model under gates, part by part.

    Args:
        model: a model, or one that peft wraps.
        blocks: names of the blocks in the model that peft may wrap, first to last.
        gates: of the same model.
        head: what the model does after its last block.

    Raises:
        ModelError: run part by part the model says something else than in one pass, because what stands
            between its blocks is no function of the state alone.
    """

    def __init__(self, model: nn.Module, blocks: Sequence[str], gates: Gates, head: HeadPath) -> None:
        self.gates, self.head_path = gates, head
        self.base, self.trunk = base_of(model), trunk_of(model)
        self.blocks = block_modules(model, blocks)
        self.num_outputs = self._num_outputs()
        self._check()

    def part(self, part: Part, passing: Passing) -> Passing:
        """Through one part, up to the last block, under whatever gate it has now."""
        if part == EMBEDDINGS:
            return self._enter(passing.batch)
        index = int(part)
        return replace(passing, states=passing.calls[index].on(self.blocks[index], passing.states))

    def step(self, place: int, gate: Gate, passing: Passing) -> Passing:
        """Through the part at `place` in the order of depth, under a gate."""
        part = self.gates.parts[place]
        with self.gates.at(part, gate):
            return self.part(part, passing)

    def head(self, states: Tensor, gate: Gate) -> Tensor:
        """Logits of states [row, token, width]."""
        with self.gates.at(HEAD, gate):
            return self.head_path(states)

    def logits(self, batch: Batch, gates: Sequence[Gate]) -> Tensor:
        """Logits [row, token, vocabulary] of the whole model with a gate for every part."""
        passing = Passing(batch)
        for place, gate in enumerate(gates[:-1]):
            passing = self.step(place, gate, passing)
        return self.head(passing.states, gates[-1])

    @contextmanager
    def running(self, gradients: bool = False) -> Iterator[None]:
        """The setting that every call needs: evaluation mode, and no gradient but, if asked, of gates."""
        trained = [weight for weight in self.base.parameters() if weight.requires_grad and gradients]
        try:
            for weight in trained:
                weight.requires_grad_(False)
            with evaluating(self.base), torch.set_grad_enabled(gradients):
                yield
        finally:
            for weight in trained:
                weight.requires_grad_(True)

    def _enter(self, batch: Batch) -> Passing:
        """Everything before the first block; no block runs."""
        calls: list[Call] = []
        with ExitStack() as stack:
            for block, count in zip(self.blocks, self.num_outputs, strict=True):
                stack.enter_context(_recording(block, count, calls))
            self._pass(self.trunk, batch)
        first = calls[0]
        states = first.kwargs["hidden_states"] if "hidden_states" in first.kwargs else first.args[0]
        return Passing(batch, states, calls)

    def _pass(self, module: nn.Module, batch: Batch) -> Any:
        mask, options = batch["attention_mask"].long(), without_cache(module)
        return module(input_ids=batch["input_ids"], attention_mask=mask, **options)

    def _num_outputs(self) -> list[int | None]:
        """How many values every block answers with; None where it answers with the states alone."""
        found: list[int | None] = []

        def hook(_block: nn.Module, _args: tuple[Any, ...], output: Any) -> None:
            found.append(None if isinstance(output, Tensor) else len(output))

        with ExitStack() as hooks, self.running():
            for block in self.blocks:
                hooks.callback(block.register_forward_hook(hook).remove)
            self._pass(self.trunk, self._sample())
        if len(found) != len(self.blocks):
            raise ModelError(f"{type(self.base).__name__}: a block did not run once in a forward pass")
        return found

    def _sample(self) -> Batch:
        ids = sample_ids(self.base, (NUM_ROWS, NUM_TOKENS), "replay")
        return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}

    def _check(self) -> None:
        batch = self._sample()
        with self.running():
            for gate in (BASE, TUNED):
                with self.gates.whole(dict.fromkeys(self.gates.parts, gate)):
                    expected = self._pass(self.base, batch)[0]
                found = self.logits(batch, [gate] * len(self.gates.parts))
                tolerance = max(1e-5, torch.finfo(expected.dtype).eps) * expected.abs().max()
                if found.shape != expected.shape or not (found - expected).abs().max() <= tolerance:
                    raise ModelError(
                        f"{type(self.base).__name__}: run block by block it gives other logits; accepted: "
                        "models whose blocks hand on one state and nothing else"
                    )


@contextmanager
def _recording(block: nn.Module, num_outputs: int | None, calls: list[Call]) -> Iterator[None]:
    """Inside, the block hands its states on as they are and notes what it was called with."""

    def forward(*args: Any, **kwargs: Any) -> Any:
        calls.append(Call(args, kwargs))
        states = kwargs["hidden_states"] if "hidden_states" in kwargs else args[0]
        return states if num_outputs is None else (states, *[None] * (num_outputs - 1))

    original: Callable[..., Any] | None = block.__dict__.get("forward")
    block.forward = forward
    try:
        yield
    finally:
        del block.forward
        if original is not None:
            block.forward = original
