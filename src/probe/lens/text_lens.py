"""The published lens: whole texts, read at every token and at the last one."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from src.data.encode import encode_rows
from src.metrics.catalog import METRICS, resolve
from src.metrics.shared.shapes import Statistic
from src.metrics.uncertainty.jackknife import jackknife_interval
from src.model.loaded import LoadedModel
from src.probe.collector import Collector, Subject
from src.probe.lens.lens_batches import lens_batches
from src.probe.lens.lens_pass import check_lens, head_of, read_positions
from src.probe.states.probe_pass import evaluating
from src.probe.states.probe_rows import ProbeRows
from src.probe.table.layer_table import LayerRow, measured_row

NUM_ROWS = 100


class TextRead(NamedTuple):
    """What one model says of whole texts."""

    right: Tensor
    """[layer, row], right next tokens; layer L passes the final norm twice."""
    tokens: Tensor
    """[row], all next tokens."""
    choices: Tensor
    """[layer, row], the likeliest token behind the whole text, layers 0 to L - 1."""


class TextLens(Collector):
    """Needs `lens_text`: `function` is given right tokens and tokens, or choices of both models, by row."""

    reads = "probe rows"

    def check(self, names: Sequence[str], loaded: LoadedModel) -> None:
        """ModelError where the head cannot be found."""
        check_lens(loaded.model, loaded.blocks)

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
                    found += _rows(name, stage, [
                        partial(_on, function, (right, one.tokens)) for right in one.right
                    ], len(one.tokens), len(subject.blocks))  # fmt: skip
            elif "tuned" in reads:
                both = zip(before.choices, reads["tuned"].choices, strict=True)
                statistics = [partial(_on, function, pair) for pair in both]
                found += _rows(name, "change", statistics, len(before.tokens), len(subject.blocks))
        return found


def _on(function: Callable[..., Tensor], by_row: tuple[Tensor, Tensor], kept: Tensor) -> float:
    return function(*(one[kept] for one in by_row)).item()


def _rows(
    name: str, stage: str, statistics: Sequence[Statistic], num_rows: int, num_blocks: int
) -> list[LayerRow]:
    found = []
    for layer, statistic in enumerate(statistics):
        value = statistic(torch.arange(num_rows))
        interval = jackknife_interval(statistic, value, num_rows, METRICS[name].min_samples)
        found.append(measured_row(stage, layer, num_blocks, name, value, interval, num_rows))
    return found


def _read(subject: Subject) -> TextRead:
    tokenizer, model = subject.loaded.tokenizer, subject.model
    rows = encode_rows(subject.probe[:NUM_ROWS], tokenizer, subject.data.max_length, "all").rows
    batches = ProbeRows(rows, [], tokenizer.pad_token_id, subject.metrics.batch_size).batches(rows)
    right, tokens, choices = [], [], []
    head = head_of(model, subject.blocks)
    norm = next(iter(head.modules.values()))
    for batch in lens_batches(model, subject.blocks, batches, first=False):
        with evaluating(model), torch.no_grad():
            last = batch.last
            at_end = batch.at(last)
            shown = [(at_end.states[:-1], head)]
            choices.append(read_positions({"": _likeliest}, shown, at_end.targets)[""].long())
            text = batch.at(~last)  # the end token that follows is no part of it
            text.states[-1] = norm(text.states[-1])
            hits = read_positions({"": _right}, [(text.states, head)], text.targets)[""]
        counts = hits.new_zeros(len(hits), batch.num_rows).index_add_(1, text.rows, hits)
        right.append(counts)
        tokens.append(text.rows.bincount(minlength=batch.num_rows).double())
    return TextRead(torch.cat(right, dim=1), torch.cat(tokens), torch.cat(choices, dim=1))


def _likeliest(log_probabilities: Tensor, _targets: Tensor) -> Tensor:
    return log_probabilities.argmax(dim=-1)


def _right(log_probabilities: Tensor, targets: Tensor) -> Tensor:
    return log_probabilities.argmax(dim=-1) == targets
