"""A gate for every part of a model: the share of its tuning update that it runs with.

With base weights W0, tuned weights W1 and a gate g, a part runs with W0 + g (W1 - W0): 0 is the base, 1 the
tuned model, both bit for bit. A gate is a number, one number that a gradient can pass, or one number a row.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass

from torch import Generator, Tensor, nn

from src.errors import ModelError
from src.intervene.engine.parts import Part

OWN = "own"


@dataclass(frozen=True)
class Gate:
    """A share of an update."""

    share: float
    """0: base, 1: tuned; any other number scales the update."""
    update: str = OWN
    """Whose update: that of the pair itself, or the name of another one of the same shape."""

    def __post_init__(self) -> None:
        if self.share == 0 and self.update != OWN:  # no share of any update is the base
            object.__setattr__(self, "update", OWN)


BASE, TUNED = Gate(0.0), Gate(1.0)
Pattern = tuple[Gate, ...]
"""A gate for every part, in the order of depth: one variant of the model."""


class MovedParts(ABC):
    """The parts of a model, and which of them tuning moved: what variants are told apart by."""

    parts: list[Part]
    """In the order of depth."""

    @property
    @abstractmethod
    def moved(self) -> list[Part]:
        """Parts whose weights tuning changed, in the order of depth."""

    def pattern(self, chosen: Mapping[Part, Gate]) -> Pattern:
        """The variant with these gates; a part that did not move has the base's, whatever is chosen."""
        moved = self.moved
        return tuple(chosen.get(part, BASE) if part in moved else BASE for part in self.parts)

    @property
    def base(self) -> Pattern:
        """The base model."""
        return self.pattern({})

    @property
    def tuned(self) -> Pattern:
        """The tuned model."""
        return self.pattern(dict.fromkeys(self.parts, TUNED))


class Gates(MovedParts):
    """The gates of one model. Outside their contexts the model is what it was when they were made."""

    def __init__(self, model: nn.Module, parts: list[Part]) -> None:
        self.model, self.parts = model, parts

    @abstractmethod
    def add_noise(self, name: str, draw: Generator) -> None:
        """An update under `name`: of every block the singular values of its own, their vectors random."""

    @abstractmethod
    def add_shifted(self, name: str, source: Mapping[Part, Part]) -> None:
        """An update under `name`: each block is given that of the block `source` names.

        Raises:
            ModelError: two of these blocks have other layers.
        """

    @abstractmethod
    def add_stored(self, name: str, tensors: Mapping[str, Tensor]) -> None:
        """An update under `name`: trained parameters of another run, by their names in the model."""

    @property
    @abstractmethod
    def update_names(self) -> list[str]:
        """What a gate can name: its own update first, then those that were added."""

    @abstractmethod
    def at(self, part: Part, gate: Gate) -> AbstractContextManager[None]:
        """Inside the context the part runs with this gate; the others as they are."""

    @abstractmethod
    def traced(self, part: Part, share: Tensor) -> AbstractContextManager[None]:
        """The same with a share that gradients pass: a number [], or one a row [row]."""

    @property
    def tied(self) -> bool:
        """Whether one moved tensor is both input embedding and head."""
        return False

    @contextmanager
    def whole(self, gates: Mapping[Part, Gate]) -> Iterator[None]:
        """Inside the context the whole model runs with these gates, one for every part."""
        with ExitStack() as stack:
            for part in self.parts:
                stack.enter_context(self.at(part, gates[part]))
            yield


def spread(share: Tensor, output: Tensor) -> Tensor:
    """A share as a factor of an output of the model.

    Args:
        share: one number [], or one a row [row].
        output: [row, ...], [1, ...] where it is the same for all rows, or [row x token, feature].

    Raises:
        ModelError: the output has no rows to be told apart.
    """
    if not share.ndim:
        return share
    rows = len(share)
    if len(output) in (1, rows):
        return share.view(rows, *[1] * (output.ndim - 1))
    if output.ndim == 2 and len(output) % rows == 0:
        return share.repeat_interleave(len(output) // rows)[:, None]
    raise ModelError(f"gates: given an output {tuple(output.shape)} of {rows} rows; accepted: [row, ...]")
