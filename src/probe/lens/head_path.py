"""What a model does after its last block, found by watching it: final norm, projection, output head."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from src.errors import ModelError
from src.model.trunk import base_of, block_modules, token_table
from src.probe.states.probe_pass import evaluating
from src.runtime.seeding import generator

NUM_TOKENS = 6


@dataclass(frozen=True)
class HeadPath:
    """From hidden states [row, token, width] of any layer to logits [row, token, vocabulary]."""

    modules: dict[str, nn.Module]
    """What is applied, by dotted name, in its order."""

    def __call__(self, hidden_states: Tensor) -> Tensor:
        """The logits."""
        for module in self.modules.values():
            hidden_states = module(hidden_states)
        return hidden_states

    def parameters(self) -> Iterator[Tensor]:
        """All of them, adapters too."""
        for module in self.modules.values():
            yield from module.parameters()


@torch.no_grad()
def find_head_path(model: nn.Module, blocks: Sequence[str]) -> HeadPath:
    """The way from hidden states to logits.

    It applies, in their order, the outermost modules that run after the last block, each of them once; for
    most families the final norm and the output head. Found in a forward pass of 6 tokens, and checked in it:
    from the output of the last block the function must make the logits of the model itself.

    Args:
        model: a causal language model, or one that peft wraps.
        blocks: names of the blocks in the model that peft may wrap, first to last.

    Raises:
        ModelError: the check fails, for instance in families that scale or cap their logits after the head.
    """
    base = base_of(model)
    ids = sample_ids(base, (1, NUM_TOKENS), "head_path")
    states: list[Tensor] = []
    modules: dict[str, nn.Module] = {}
    last = block_modules(model, blocks)[-1]
    with evaluating(base), _watching(base, last, blocks.count(blocks[-1]), states, modules):
        logits = base(input_ids=ids)[0]

    path = HeadPath(modules)
    _check(path, states[-1], logits, base)
    return path


def _check(path: HeadPath, states: Tensor, logits: Tensor, model: nn.Module) -> None:
    try:
        found = path(states)
        fits = found.shape == logits.shape and torch.allclose(
            found.float(), logits.float(), rtol=0, atol=_tolerance(logits)
        )
    except (RuntimeError, TypeError, AttributeError):
        fits = False
    if not fits:
        raise ModelError(
            f"lens: {type(model).__name__}: {' then '.join(path.modules) or 'nothing'} after the last block "
            "does not give the model's logits; accepted: models whose logits come from modules alone, one "
            "after another"
        )


def _tolerance(logits: Tensor) -> float:
    return max(1e-5, torch.finfo(logits.dtype).eps) * logits.float().abs().max().item()


@contextmanager
def _watching(
    model: nn.Module, last: nn.Module, times: int, states: list[Tensor], modules: dict[str, nn.Module]
) -> Iterator[None]:
    """Collect what the last block puts out, and the outermost modules that start after it ran so often."""

    def after(_block: nn.Module, _args: tuple[Any, ...], output: Any) -> None:
        states.append(output if isinstance(output, Tensor) else output[0])

    def starting(name: str) -> Callable[[nn.Module, tuple[Any, ...]], None]:
        def hook(module: nn.Module, _args: tuple[Any, ...]) -> None:
            if len(states) == times and not any(name.startswith(f"{outer}.") for outer in modules):
                modules[name] = module

        return hook

    with ExitStack() as hooks:
        hooks.callback(last.register_forward_hook(after).remove)
        for name, module in model.named_modules():
            hooks.callback(module.register_forward_pre_hook(starting(name)).remove)
        yield


def sample_ids(model: nn.Module, shape: tuple[int, int], stream: str) -> Tensor:
    """Token ids [row, token] drawn by name from the vocabulary of a model without adapters, on its device."""
    table = token_table(model)
    return torch.randint(len(table), shape, generator=generator(0, stream)).to(table.device)
