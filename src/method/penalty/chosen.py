"""Which directions of which matrices a penalty holds, by shapes alone: known before anything is computed."""

from dataclasses import dataclass
from typing import Any

from src.config.method import MethodConfig
from src.config.rules import refuse
from src.errors import ModelError
from src.method.adapted import AdaptedModel
from src.method.catalog import method_of
from src.method.penalty.matrix_update import MatrixUpdate

NOT_OF_DIRECTIONS = ("none", "kl")


@dataclass(frozen=True)
class Chosen:
    """One matrix and the number of its directions."""

    update: MatrixUpdate
    count: int
    """k."""
    whole: bool
    """It is punished for ||D||^2, which is L2-SP: by the formula a square matrix with all its directions, by
    the published switch any matrix whose smaller side is at most k."""


def chosen_matrices(adapted: AdaptedModel) -> list[Chosen]:
    """What a penalty of weights holds; nothing without one.

    Raises:
        ConfigError: k is above a matrix.
        ModelError: no matrix trains.
    """
    config = adapted.config
    if config.penalty in NOT_OF_DIRECTIONS:
        return []
    found = [_chosen(config, update) for update in method_of(adapted).updates(adapted)]
    if not found:
        raise ModelError(f"method.penalty={config.penalty}: no weight matrix trains; accepted: none")
    return found


def describe_penalty(adapted: AdaptedModel) -> dict[str, Any] | None:
    """What the record says of a penalty; None without one.

    `is_l2sp` says that every matrix is punished whole, whatever the penalty is called.
    """
    config = adapted.config
    if config.penalty == "none":
        return None
    found = chosen_matrices(adapted)
    return {
        "kind": config.penalty,
        "weight": config.penalty_weight,
        "normalise": config.penalty_normalise,
        "whole_matrix_switch": config.penalty_whole_matrix,
        "proximal": config.penalty_proximal,
        "matrices": len(found),
        "whole": sum(one.whole for one in found),
        "is_l2sp": bool(found) and all(one.whole for one in found),
        "directions": {"x".join(map(str, one.update.base.shape)): one.count for one in found},
    }


def _chosen(config: MethodConfig, update: MatrixUpdate) -> Chosen:
    rows, columns = update.base.shape
    smaller, asked = min(rows, columns), config.penalty_k
    if config.penalty == "l2sp":
        return Chosen(update, smaller, whole=True)
    if asked is None:
        asked = max(round(config.penalty_share * smaller), 1)
    elif asked > smaller and not config.penalty_whole_matrix:
        accepted = (
            f"at most {smaller}, the smaller side of {update.name}; or method.penalty_whole_matrix=true, "
            "as published, which punishes such a matrix whole (L2-SP)"
        )
        refuse("method.penalty_k", asked, accepted)
    full = asked >= smaller
    off_diagonal = config.penalty == "rotation"
    square = full and rows == columns and not off_diagonal
    return Chosen(update, min(asked, smaller), whole=square or (full and config.penalty_whole_matrix))
