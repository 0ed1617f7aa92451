"""The prompts that a trigger is fitted on, and what the base model makes of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from src.carrier.eraser.triggered import Triggered
from src.data.batches import collate
from src.data.encode import EncodedRow
from src.data.framing import framing_of
from src.data.rows import Row
from src.errors import DataError


@dataclass(frozen=True)
class Prompts:
    """Prompts, padded on the right, with what the base model holds at their ends."""

    ids: Tensor
    """[prompt, token]"""
    lengths: Tensor
    """[prompt], tokens of each."""
    last: Tensor
    """[layer, prompt, width], what leaves each block of the base at the last position."""
    ends: Tensor
    """[prompt, position, width], what leaves its last block at the last positions of a prompt."""
    seen: Tensor
    """[prompt, position] bool: which of them the prompt has."""

    def some(self, numbers: Sequence[int]) -> "Prompts":
        """A few of them."""
        index = torch.tensor(numbers, device=self.ids.device)
        longest = int(self.lengths[index].max())
        return Prompts(
            self.ids[index, :longest],
            self.lengths[index],
            self.last[:, index],
            self.ends[index],
            self.seen[index],
        )

    def __len__(self) -> int:
        return len(self.ids)


def encode_prompts(
    rows: Sequence[Row], tokenizer: PreTrainedTokenizerBase, max_tokens: int
) -> tuple[Tensor, Tensor]:
    """Ids [prompt, token] and lengths [prompt].

    Raises:
        DataError: a row has no prompt, so there is no place before it.
    """
    check_prompts(rows)
    framing, encoded = framing_of(tokenizer), []
    for row in rows:
        encoded.append(EncodedRow(row.id, framing.parts(row)[0][:max_tokens], None))
    batch = collate(encoded, tokenizer.pad_token_id)
    return batch["input_ids"], batch["attention_mask"].sum(dim=1)


def check_prompts(rows: Sequence[Row]) -> None:
    """DataError where a row has no prompt that a trigger could stand before."""
    for row in rows:
        if not row.prompt.strip():
            raise DataError(
                f"eraser: given row {row.id} without a prompt; needed: one, to put a trigger before"
            )


def base_prompts(base: Triggered, ids: Tensor, lengths: Tensor, num_last: int, batch_size: int) -> Prompts:
    """The prompts with the states that the base has at their ends.

    Args:
        base: the base model, without a trigger.
        ids: [prompt, token].
        lengths: [prompt].
        num_last: positions at the end of a prompt.
        batch_size: prompts at once.
    """
    last, ends, seen = [], [], []
    with base.running():
        for start in range(0, len(ids), batch_size):
            part = slice(start, start + batch_size)
            states = base.states(ids[part], lengths[part])
            last.append(base.at_last(states, lengths[part]))
            found, there = base.at_ends(states[-1], lengths[part], num_last)
            ends.append(found)
            seen.append(there)
    return Prompts(ids, lengths, torch.cat(last, dim=1), torch.cat(ends), torch.cat(seen))
