"""The one relative size that all groups are given."""

from src.control.movement import PerGroup


def common_size(target: str, updates: PerGroup, weights: PerGroup, fixed: float | None) -> float:
    """r, the common ||dW|| / ||W|| of all groups; above 0, no unit.

    mean, median: of the groups' own relative sizes (the median of an even number is the mean of the two in
    the middle). total: sqrt(sum ||dW||^2 / sum ||W||^2), with which the norm of all groups' update together
    stays as it was. fixed: as given.

    Args:
        target: one of mean, median, total, fixed.
        updates: ||dW|| of each group.
        weights: ||W|| of each group.
        fixed: r of target=fixed.
    """
    if target == "fixed":
        assert fixed is not None  # the configuration has it with this target
        return fixed
    if target == "total":
        return (updates.square().sum() / weights.square().sum()).sqrt().item()
    sizes = updates / weights
    return (sizes.mean() if target == "mean" else sizes.quantile(0.5)).item()
