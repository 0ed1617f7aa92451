"""What a model holds at the lens positions, kept on disk until the other model of a pair is there."""

import copy
import shutil
import weakref
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import mkdtemp

import torch
from torch import Tensor, nn

from src.probe.lens.head_path import HeadPath
from src.probe.lens.lens_batches import LensBatch, lens_batches
from src.probe.lens.lens_pass import head_of

STATES = "lens-"
"""How the folders of states begin."""


class KeptLens:
    """The states of one model batch by batch, and a copy of its head; the files go when this does.

    Args:
        model, blocks, batches, first: as `lens_batches`; read at once.
        parent: where the files may lie. They take layers x positions x width numbers.
    """

    def __init__(
        self,
        model: nn.Module,
        blocks: Sequence[str],
        batches: Sequence[Mapping[str, Tensor]],
        first: bool,
        parent: Path,
    ) -> None:
        folder = Path(mkdtemp(prefix=STATES, dir=parent))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self.files: list[Path] = []
        for place, batch in enumerate(lens_batches(model, blocks, batches, first)):
            self.files.append(folder / f"{place:05d}.pt")
            torch.save(vars(batch) | {"states": batch.states.cpu()}, self.files[-1])
        self.head = HeadPath(copy.deepcopy(head_of(model, blocks).modules))
        self.device = next(model.parameters()).device

    def batches(self) -> Iterator[LensBatch]:
        """As they came; of the states only what is asked for is read."""
        for file in self.files:
            yield LensBatch(**torch.load(file, mmap=True, weights_only=True))

    def read(self, states: Tensor) -> Tensor:
        """Logits of states, this model's or another's."""
        return self.head(states.to(self.device))

    def reads_as(self, other: "KeptLens") -> bool:
        """Whether both heads are the same."""
        sides = zip(self.head.parameters(), other.head.parameters(), strict=True)
        return all(torch.equal(one, two) for one, two in sides)
