"""How often a step waits for its device: once, beside what the model itself asks."""

from collections import Counter
from dataclasses import replace

import pytest
import torch
from torch._C import DisableTorchFunction
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode, _disable_current_modes

from src.method.catalog import adapt
from src.objective.catalog import make_objective
from src.train.feed import Feed
from src.train.loop import train
from tests.train.test_loop import rows

WAITING = {"_local_scalar_dense", "nonzero", "masked_select", "is_nonzero", "equal", "_unique2"}
"""Operators whose result the host needs to go on."""


class Waits(TorchDispatchMode):
    """Counts operators for which a host waits for a GPU, a mask as an index among them."""

    def __init__(self):
        super().__init__()
        self.found = Counter()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        name = function.overloadpacket.__name__
        masks = name in ("index", "index_put", "index_put_", "_index_put_impl_") and any(
            one is not None and one.dtype == torch.bool for one in args[1]
        )
        if name in WAITING or masks:
            self.found[name] += 1
        return function(*args, **(kwargs or {}))


class Lists(TorchFunctionMode):
    """Counts tensors that are read as a list, which is no operator."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def __torch_function__(self, function, types, args=(), kwargs=None):
        self.count += function is torch.Tensor.tolist
        return function(*args, **(kwargs or {}))


@pytest.fixture
def waits(make_config, load_tiny, tmp_path, monkeypatch):
    """waits(accumulated): operators that a step waits for, once its batches are there."""

    def count(accumulated, lengths):
        config = make_config("train=smoke", "method=lora")
        sgd = {"optimizer": "sgd", "checkpoint_steps": None}  # AdamW reads a count of its own on the CPU
        given = {"max_steps": 2, "batch_size": 4, "gradient_accumulation_steps": accumulated}
        config = replace(config, train=replace(config.train, **given, **sgd))
        adapted = adapt(load_tiny("llama"), config.method, [2, 3], 0)
        for name in ("take", "prepare"):  # batches are made on the CPU, for which nobody waits
            monkeypatch.setattr(Feed, name, _beside(getattr(Feed, name)))
        made = make_objective(config.objective, adapted.loaded.tokenizer)
        counting = made.count
        made.count = lambda batch: _apart(counting, batch)
        some = rows(lengths=lengths)
        with Lists() as lists, Waits() as seen:
            train(adapted.model, some, config.train, objective=made, seed=0, folder=tmp_path)
        return {name: count / 2 for name, count in (seen.found + Counter(lists=lists.count)).items()}

    return count


def _beside(method):
    def call(self, *given):
        return _apart(method, self, *given)

    return call


def _apart(call, *given):
    with _disable_current_modes(), DisableTorchFunction():
        return call(*given)


@pytest.mark.parametrize(("lengths", "looks"), [((9, 10), 1), ((6, 20), 2)])
def test_a_step_reads_once_and_a_pass_looks_at_its_mask(waits, lengths, looks):
    """The looks are transformers' own: whether the mask hides anything, and where it does, whether all of it."""
    assert waits(3, lengths) == {"lists": 1, "_local_scalar_dense": 3 * looks}
