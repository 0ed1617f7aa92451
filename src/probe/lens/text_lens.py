"""The published lens: whole texts, read at every token and at the last one."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from src.metrics.catalog import METRICS, resolve
from src.probe.collector import Subject
from src.probe.lens.lens_batches import lens_batches
from src.probe.lens.lens_pass import head_of, jackknife_rows, likeliest, read_positions
from src.probe.lens.lens_rows import OfHeads, labelled_batches
from src.probe.states.probe_pass import evaluating
from src.probe.table.layer_table import LayerRow

NUM_ROWS = 100


class TextRead(NamedTuple):
    """What one model says of whole texts."""

    right: Tensor
    """[layer, row], right next tokens; layer L passes the final norm twice."""
    tokens: Tensor
    """[row], all next tokens."""
    choices: Tensor
    """[layer, row], the likeliest token behind the whole text, layers 0 to L - 1."""


class TextLens(OfHeads):
    """Needs `lens_text`: `function` is given right tokens and tokens, or choices of both models, by row."""

    def of_base(self, names: Sequence[str], subject: Subject) -> TextRead:
        """What the base says."""
        return _read(subject)

    def rows(self, names: Sequence[str], before: TextRead, subject: Subject) -> list[LayerRow]:
        """Rows of base, tuned and change."""
        reads = {"base": before} | ({"tuned": _read(subject)} if subject.compared else {})
        found: list[LayerRow] = []
        for name in names:
            function = resolve(METRICS[name].function)
            if name == "early_exit_accuracy_paper":
                for stage, one in reads.items():
                    found += jackknife_rows(name, stage, [
                        partial(_on, function, (right, one.tokens)) for right in one.right
                    ], len(one.tokens), len(subject.blocks))  # fmt: skip
            elif "tuned" in reads:
                both = zip(before.choices, reads["tuned"].choices, strict=True)
                statistics = [partial(_on, function, pair) for pair in both]
                found += jackknife_rows(name, "change", statistics, len(before.tokens), len(subject.blocks))
        return found


def _on(function: Callable[..., Tensor], by_row: tuple[Tensor, Tensor], kept: Tensor) -> float:
    return function(*(one[kept] for one in by_row)).item()


def _read(subject: Subject) -> TextRead:
    model, batches = subject.model, labelled_batches(subject.probe[:NUM_ROWS], subject, "all")
    right, tokens, choices = [], [], []
    head = head_of(model, subject.blocks)
    norm = next(iter(head.modules.values()))
    for batch in lens_batches(model, subject.blocks, batches, first=False):
        with evaluating(model), torch.no_grad():
            last = batch.last
            at_end = batch.at(last)
            shown = [(at_end.states[:-1], head)]
            choices.append(read_positions({"": likeliest}, shown, at_end.targets)[""].long())
            text = batch.at(~last)  # the end token that follows is no part of it
            text.states[-1] = norm(text.states[-1])
            hits = read_positions({"": _right}, [(text.states, head)], text.targets)[""]
        counts = hits.new_zeros(len(hits), batch.num_rows).index_add_(1, text.rows, hits)
        right.append(counts)
        tokens.append(text.rows.bincount(minlength=batch.num_rows).double())
    return TextRead(torch.cat(right, dim=1), torch.cat(tokens), torch.cat(choices, dim=1))


def _right(log_probabilities: Tensor, targets: Tensor) -> Tensor:
    return log_probabilities.argmax(dim=-1) == targets
