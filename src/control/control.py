"""What a control is: it sees the trainable weights before and after the optimizer's step."""

from typing import Any, Protocol


class Control(Protocol):
    """Changes an update that the optimizer made.

    Its state is a function of the weights and of the step, or lies in the weights: a run that goes on from a
    checkpoint is under the same control as one that was never interrupted.
    """

    def before(self, decay: float) -> None:
        """Look at the weights that the optimizer is about to change.

        Args:
            decay: share of each weight that decoupled weight decay will take off in this step.
        """
        ...

    def after(self, step: int) -> dict[str, Any]:
        """Change the weights; what to add to the line of the step log.

        Args:
            step: the step just done, 0-based.
        """
        ...


class NoControl:
    """Leaves every update as the optimizer made it."""

    def before(self, decay: float) -> None:
        """Nothing to remember."""

    def after(self, step: int) -> dict[str, Any]:
        """Nothing to change, nothing to log."""
        return {}
