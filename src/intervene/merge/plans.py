"""Mixtures of base and tuned weights, W0 + share (W1 - W0), as patterns of gates: which are run, by name."""

from collections.abc import Mapping, Sequence

from src.intervene.engine.gates import BASE, Gate, Gates, Pattern
from src.intervene.engine.parts import EMBEDDINGS, HEAD, Part
from src.intervene.players import Player, segments

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
"""Of one segment, in its curve."""
UNIFORM = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.25, 1.5)
"""Of the whole model: the curve that every other mixture is held against."""
STARTS = (0.0, 0.25, 0.5, 0.75)
PUBLISHED = ((0.0, 1.0, 1.0, 1.0, 0.0), (0.0, 1.0, 1.0, 1.0, 0.5), (0.5, 1.0, 1.0, 1.0, 0.5))


def shares_of(gates: Gates, shares: Sequence[float]) -> Pattern:
    """A share for each segment; embeddings go with the first, final norm and head with the last."""
    chosen: dict[Part, Gate] = {EMBEDDINGS: Gate(shares[0]), HEAD: Gate(shares[-1])}
    for segment, share in zip(segments(gates, len(shares)), shares, strict=True):
        chosen |= dict.fromkeys(segment.parts, Gate(share))
    return gates.pattern(chosen)


def uniform(gates: Gates, share: float) -> Pattern:
    """One share for the whole model (WiSE-FT, Wortsman et al. 2022)."""
    return gates.pattern(dict.fromkeys(gates.parts, Gate(share)))


def line(gates: Gates, start: float) -> Pattern:
    """LiNeS: a share of start + (1 - start) b / (L - 1) for block b; embeddings as the first, the head as the
    last.

    Source: Wang et al. (arXiv 2410.17146).
    """
    blocks = gates.parts[1:-1]
    ramp = [start + (1 - start) * place / max(1, len(blocks) - 1) for place in range(len(blocks))]
    shares = zip(gates.parts, [ramp[0], *ramp, ramp[-1]], strict=True)
    return gates.pattern({part: Gate(share) for part, share in shares})


def alone(gates: Gates, segment: Player, share: float, others: float) -> Pattern:
    """One segment at a share, everything else at another."""
    rest = dict.fromkeys(gates.parts, Gate(others))
    return gates.pattern(rest | dict.fromkeys(segment.parts, Gate(share)))


def as_published(gates: Gates, shares: Sequence[float]) -> Pattern:
    """The embeddings are the base's, final norm and head have the last block's share.

    Where the head is tied to the input embedding, that has the head's share too, as in the published code.
    """
    own = Gate(shares[-1]) if gates.tied else BASE
    whole = dict(zip(gates.parts, shares_of(gates, shares), strict=True))
    return gates.pattern(whole | {EMBEDDINGS: own})


def uniform_curve(gates: Gates) -> dict[float, Pattern]:
    """By share."""
    return {share: uniform(gates, share) for share in UNIFORM}


def named_plans(gates: Gates) -> dict[str, Pattern]:
    """What is held against the uniform curve, beside what a search finds."""
    found = {f"line from {start:g}": line(gates, start) for start in STARTS}
    return found | {text_of(shares): shares_of(gates, shares) for shares in PUBLISHED}


def segment_curves(gates: Gates, num_segments: int) -> Mapping[tuple[float, str, float], Pattern]:
    """By the share of all others, segment, and its own share."""
    return {
        (others, segment.name, share): alone(gates, segment, share, others)
        for others in (1.0, 0.0)
        for segment in segments(gates, num_segments)
        for share in SHARES
    }


def text_of(shares: Sequence[float]) -> str:
    """As the published script is given them: 0,1,1,1,0.5."""
    return ",".join(f"{share:g}" for share in shares)
