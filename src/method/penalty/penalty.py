"""What a penalty is: terms added to the loss of a step, or a step of its own after the optimizer's."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence

from torch import Tensor


class Penalty(ABC):
    """Added to the loss of each step once, whatever the number of its micro-batches."""

    @abstractmethod
    def terms(self, batches: Sequence[Mapping[str, Tensor]]) -> Iterator[Tensor]:
        """The scalars whose sum is the penalty, in nats a term of the loss; each is used up before the next.

        A term without a gradient is logged and nothing more.

        Args:
            batches: the micro-batches of the step, as the objective made them.
        """

    def after_step(self, rate: float) -> None:  # noqa: B027  (most change no weight themselves)
        """Change the weights after the optimizer's step, whose learning rate is `rate`."""
