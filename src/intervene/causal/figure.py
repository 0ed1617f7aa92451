"""The profile by block as a PNG file."""

from collections.abc import Collection, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from src.intervene.causal.profile import Quantity
from src.storage.files import storage_errors

LINES = {
    "alone": ("this block alone tuned", "C0", "--"),
    "left_out": ("lost without this block", "C1", ":"),
    "path": ("its share of the gain", "C2", "-"),
}


def draw_profile(path: Path, rows: Sequence[Quantity], trained: Collection[int]) -> None:
    """What each block carries by its number, with 95 % intervals over items; trained blocks shaded.

    Args:
        path: of the file.
        rows: the quantities; those of blocks are drawn.
        trained: the blocks that training could change.
    """
    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.subplots()
    for kind, (label, color, style) in LINES.items():
        found = {
            block: row.estimate
            for row in rows
            if (row.score, row.kind) == ("logp", kind) and (block := _block(row)) is not None
        }
        places = list(found)
        low, high = zip(*(one.interval() for one in found.values()), strict=True)
        axes.plot(places, [one.value for one in found.values()], style, color=color, label=label, marker=".")
        axes.fill_between(places, low, high, color=color, alpha=0.18, linewidth=0)
    for block in trained:
        axes.axvspan(block - 0.5, block + 0.5, color="0.92", linewidth=0, zorder=0)
    axes.axhline(0, color="0.4", linewidth=0.8)
    axes.set(
        xlabel="block, from input to output (shaded: trained; ribbons: 95 % over items, these weights)",
        ylabel="log-probability of the answer, nats a token",
    )
    axes.legend(frameon=False, fontsize=8)
    with storage_errors(path):
        figure.savefig(path, dpi=120)


def _block(row: Quantity) -> int | None:
    word, _, number = row.player.partition(" ")
    return int(number) if word == "block" else None
