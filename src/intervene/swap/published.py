"""Swapping as published: the last blocks of each of five segments, from the tuned model into the base."""

from src.intervene.engine.gates import TUNED, Gates, Pattern
from src.intervene.engine.parts import EMBEDDINGS, HEAD, Part
from src.intervene.players import segments

NUM_SEGMENTS = 5
ORIGINAL, TRANSFERRED = "original", "transferred"


def published_variants(gates: Gates, depth: int) -> dict[tuple[str, str], Pattern]:
    """Base and tuned model, then for both heads no swap and each segment, by head and name.

    transferred: final norm and output head are the tuned model's too. Where the head is tied to the input
    embedding, that moves with it, as in the published code.

    Args:
        gates: of the pair.
        depth: how many blocks of a segment, from its end, are copied.
    """
    found = {(ORIGINAL, "base"): gates.base, (TRANSFERRED, "tuned"): gates.tuned}
    moved: list[Part] = [HEAD, EMBEDDINGS] if gates.tied else [HEAD]
    for head, parts in ((ORIGINAL, []), (TRANSFERRED, moved)):
        around = dict.fromkeys(parts, TUNED)
        found[head, "no swap"] = gates.pattern(around)
        for segment in segments(gates, NUM_SEGMENTS):
            blocks = segment.parts[-depth:]
            name = f"blocks {blocks[0]}-{blocks[-1]}" if len(blocks) > 1 else f"block {blocks[0]}"
            found[head, name] = gates.pattern(around | dict.fromkeys(blocks, TUNED))
    return found
