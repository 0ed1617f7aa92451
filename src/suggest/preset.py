"""A suggestion as a preset: a file that composes with everything else."""

from collections.abc import Sequence


def preset(name: str, about: str, ranks: Sequence[int], band: tuple[int, int], rank: int, held: float) -> str:
    """The text of a Hydra file with package `_global_`.

    Args:
        name: of the band, in records and reports.
        about: what the profile was made of.
        ranks: one a block, 0 outside the band.
        band: first block and one past the last.
        rank: of the baseline whose budget is spent.
        held: share of the demand that lies in the band.
    """
    start, stop = band
    budget = rank * len(ranks)
    lines = [
        "# @package _global_",
        f"# Made by `python -m src.suggest` from {about}.",
        f"# Blocks {start} to {stop - 1} hold {held:.0%} of it; {sum(ranks)} of {budget} rank units spent.",
        "band:",
        f"  name: {name}",
        f"  start: {start / len(ranks)!r}",
        f"  stop: {stop / len(ranks)!r}",
        "  random: false",
        "method:",
        f"  rank: {rank}",
        f"  ranks: [{', '.join(str(one) for one in ranks)}]",
        "  budget: none",
    ]
    return "\n".join(lines) + "\n"
