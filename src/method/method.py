"""What a method is: it makes a band trainable, and knows what it changed.

A new method is a file with a class like these, a row of METHODS in src/method/catalog.py, its settings and a
row of KINDS in src/config/method.py, and a file in conf/method. Nothing else asks which method it is.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from torch import Tensor

from src.config.method import MethodConfig
from src.method.adapted import AdaptedModel
from src.method.penalty.matrix_update import InPlace, MatrixUpdate
from src.method.penalty.penalty import Penalty
from src.model.loaded import LoadedModel


class Method(ABC):
    """One way to train a band. What a method does not say is what full training does: nothing of its own."""

    @abstractmethod
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
        """What the method itself adds to the loss without `method.penalty`; None: nothing, at no cost."""
        return None

    def updates(self, adapted: AdaptedModel) -> list[MatrixUpdate]:
        """The updates of the matrices that train, for a penalty that holds them back."""
        known = adapted.trainable.items()
        return [
            InPlace(name, value, adapted.originals)
            for name, value in known
            if name in adapted.originals and value.dim() == 2
        ]

    def as_base(self, adapted: AdaptedModel) -> AbstractContextManager[None]:
        """What hides the method's own parts, beside the exchange of weights that every method has."""
        return nullcontext()

    def save(self, adapted: AdaptedModel, folder: Path, weights: Mapping[str, Tensor]) -> set[str]:
        """Write those of the trained `weights`, by name, that have a form of their own; the names of these.

        The others are written for it.
        """
        return set()

    def load(self, folder: Path) -> dict[str, Tensor]:
        """The tensors that `save` wrote, by the names of the trainable parameters."""
        return {}
