"""What a method is: it makes a band trainable, and knows what it changed.

A new method is a file with a class like these, a row of METHODS in src/method/catalog.py, its settings and a
row of KINDS in src/config/method.py, and a file in conf/method. Nothing else asks which method it is.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from torch import Tensor

from src.config.method import MethodConfig
from src.method.adapted import AdaptedModel
from src.model.loaded import LoadedModel

Penalty = Callable[[], Tensor]
"""A scalar that is added to the loss of each step, in nats a term; it has a gradient."""


class Method(Protocol):
    """One way to train a band."""

    def adapt(
        self,
        loaded: LoadedModel,
        config: MethodConfig,
        blocks: list[int],
        seed: int,
        lora_targets: list[str] | None,
    ) -> AdaptedModel:
        """Make `blocks` of a frozen model trainable.

        Args:
            loaded: the model; no parameter asks for a gradient.
            config: settings of the method.
            blocks: of the band, ascending.
            seed: of new weights.
            lora_targets: last parts of layer names, in place of the targets of the settings.
        """
        ...

    def penalty(self, adapted: AdaptedModel) -> Penalty | None:
        """What the method adds to the loss; None: nothing, at no cost."""
        ...

    def as_base(self, adapted: AdaptedModel) -> AbstractContextManager[None]:
        """Inside the block the model behaves as before training, without a second copy of its weights."""
        ...

    def save(self, adapted: AdaptedModel, folder: Path) -> None:
        """Write what has a form of its own; other trained tensors are written for it."""
        ...

    def load(self, folder: Path) -> dict[str, Tensor]:
        """The tensors that `save` wrote, by the names of the trainable parameters."""
        ...
