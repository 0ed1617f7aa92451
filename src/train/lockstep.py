"""A model that lies in pieces on all ranks and is asked as it lies: every pass is one of all ranks.

torch's FSDP2 gathers the weights of a block from all ranks while it computes, and lets them go behind it. So
a rank alone cannot pass: the others pass beside it, through the same blocks, with a few tokens of no meaning
where they have no rows of their own.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.distributed.fsdp import FSDPModule

from src.method.adapted import AdaptedModel
from src.method.weights import load_tuned
from src.model.quiet import quiet
from src.model.text_pass import NUM_TOKENS
from src.model.trunk import block_modules, token_table, trunk_of
from src.runtime.dtensor import local, whole
from src.train.collectives import all_reduce_any
from src.train.sharding import shard


class Lockstep:
    """This rank's pieces of a model, and its passes in step with those of the others.

    What lies outside of the blocks (embeddings, last norm, head) is whole on every rank while the model is
    measured, and in pieces while it trains.

    Args:
        adapted: the model, whole, on any device; it is laid in pieces, and so are its `originals`.
        device: where the pieces go.
        call: makes a context in which the other ranks make one pass beside this one; for rank 0.
    """

    def __init__(
        self, adapted: AdaptedModel, device: torch.device, call: Callable[[], AbstractContextManager[object]]
    ) -> None:
        self.adapted, self._call = adapted, call
        loaded = adapted.loaded
        self._blocks = block_modules(adapted.model, loaded.layers)  # in the order of a pass
        shard(adapted.model, block_modules(adapted.model, loaded.blocks), device)
        trained = adapted.trainable
        adapted.originals = {name: trained[name].detach().clone() for name in adapted.originals}
        self._root = cast(FSDPModule, adapted.model)
        self._trunk, self._num_entered = trunk_of(adapted.model), 0
        self._in_step, self._sharing = True, False
        for block in {id(block): block for block in self._blocks}.values():
            block.register_forward_pre_hook(self._entering_block)
        self._trunk.register_forward_pre_hook(self._entering)
        self._trunk.register_forward_hook(self._leaving, always_call=True)
        self._pass(adapted.model)  # the first one tells FSDP2 which module is the outermost
        self._rest()

    def beside(self) -> None:
        """One pass with nothing to read, beside one of another rank."""
        self._pass(self._trunk)

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Inside, every rank passes as often as it likes; it leaves when the last of them is through.

        Whatever may go wrong on one rank alone is caught inside.
        """
        self._sharing = True
        yield
        self._sharing = False
        while all_reduce_any(False):
            self.beside()
        self._rest()

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Inside, everything is in pieces and a pass tells nobody: for training, and to change weights."""
        self._root.reset_iter_state()
        self._in_step = False
        yield
        self._in_step = True
        self._root.unshard()

    @contextmanager
    def unison(self) -> Iterator[None]:
        """Inside, all ranks call the same blocks in the same order, forward and backward, each with its rows.

        What lies outside of the blocks stays whole behind a backward pass, too.
        """
        self._in_step = False
        self._root.set_reshard_after_backward(False, recurse=False)
        yield
        self._root.set_reshard_after_backward(True, recurse=False)
        self._in_step = True
        self._rest()

    def exchange(self) -> None:
        """Put the base's pieces of what was trained in place in that of the tuned, or the other way round."""
        with self.apart():
            trained = self.adapted.trainable
            for name, other in self.adapted.originals.items():
                mine, theirs = local(trained[name]), local(other)
                kept = mine.clone()
                mine.copy_(theirs)
                theirs.copy_(kept)

    def load(self, folder: Path) -> None:
        """Take this rank's pieces of the weights that lie in a folder; see `load_tuned`."""
        with self.apart():
            load_tuned(self.adapted, folder)

    def gather(self, block: str) -> Mapping[str, Tensor]:
        """Make the weights of a block whole, until `let_go`; what was trained of them is returned as before.

        Args:
            block: its name in the model that peft may wrap.
        """
        cast(FSDPModule, self.adapted.loaded.model.get_submodule(block)).unshard()
        originals = self.adapted.originals.items()
        return {name: whole(value) for name, value in originals if name.startswith(f"{block}.")}

    def let_go(self, block: str) -> None:
        """Keep the pieces of a block alone; no other rank is needed."""
        cast(FSDPModule, self.adapted.loaded.model.get_submodule(block)).reshard()

    def lend(self, block: str) -> None:
        """Give another rank the pieces of a block that it gathers."""
        self.gather(block)
        self.let_go(block)

    def _rest(self) -> None:
        """Forget what passes have left; all blocks are in pieces."""
        self._root.reset_iter_state()
        self._root.unshard()

    @torch.no_grad()
    def _pass(self, module: nn.Module) -> None:
        """A pass of a few tokens that tells nobody."""
        table, self._in_step = token_table(self.adapted.model), False
        ids = torch.arange(NUM_TOKENS, device=local(table).device)[None] % len(table)
        with quiet():  # ids 0 to 3 may look like padding, of which the library would warn
            module(input_ids=ids)
        self._in_step = True

    def _entering(self, *_: Any) -> None:
        """Before a pass: the others pass, too."""
        self._num_entered = 0
        if self._in_step and self._sharing:
            all_reduce_any(True)
        elif self._in_step:
            with self._call():
                pass

    def _entering_block(self, *_: Any) -> None:
        self._num_entered += 1

    def _leaving(self, _module: nn.Module, _given: Any, output: Any) -> None:
        """After a pass that an error has ended: the others go through the rest of the blocks."""
        if output is not None:
            return
        for block in self._blocks[self._num_entered :]:
            cast(FSDPModule, block).unshard()
            cast(FSDPModule, block).reshard()
        for block in self._blocks:
            cast(FSDPModule, block).reshard()
