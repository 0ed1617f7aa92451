"""The lens on both models of finished runs, and what was stated before it was read."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy
from numpy import ndarray

from src.config.intervention import FOLDER, InterventionConfig
from src.errors import DataError
from src.intervene.engine.cost import seconds_a_token
from src.intervene.lens.reading import ANSWER, EXIT, Reading, read_pair
from src.intervene.lens.words import agreement_words, emergence_words, exit_words
from src.intervene.pair import Pair
from src.intervene.study import Source, Study
from src.metrics.catalog import METRICS
from src.model.causal import check_causal
from src.statistics.bounded import Bounds, ends_within
from src.statistics.two_way_model import crossed
from src.storage.csv_file import write_csv

HEADER = ("metric", "side", "layer", "value", "stderr", "ci_low", "ci_high", "num_seeds", "num_items")


def bounds_of(metric: str, side: str) -> Bounds:
    """What a mean of one curve can be; a difference of two models' log-probabilities has no end."""
    return (None, None) if (metric, side) == (ANSWER, "change") else METRICS[metric].bounds


class LensStudy(Study):
    """When does the answer appear, and where do both models part?"""

    causal = True

    def __init__(self, sources: Sequence[Source], chosen: InterventionConfig, out: Path) -> None:
        super().__init__(sources, chosen, out)
        pair = self.first_pair()
        check_causal(pair.material.loaded.model, "lens")
        self.num_blocks = pair.num_blocks
        self._tell_cost(pair)
        self.readings: list[Reading] = []

    def measure(self) -> None:
        """Nothing is refused that could be opened: two equal models have equal curves."""
        for source, pair in self.pairs():
            folder = source.folder / FOLDER / "lens"
            self.readings.append(read_pair(pair, folder, self.chosen.num_examples))
        if len({one.curves[EXIT, "tuned"].shape for one in self.readings}) > 1:
            raise DataError("runs: given other items or depths; accepted: runs of one arm, seed alone apart")

    def write(self) -> None:
        """profile.csv, emergence.csv, examples.csv, about.json, and the sentences."""
        write_csv(self.out / "profile.csv", HEADER, self._rows())
        base, tuned = (
            numpy.mean([one.emergence[side] for one in self.readings], axis=0) for side in ("base", "tuned")
        )
        words, medians = emergence_words(base, tuned)
        found = [(side, *one) for side, one in medians.items()]
        write_csv(self.out / "emergence.csv", ("side", "median", "low", "high", "num_items"), found)
        header = ("item", "side", "layer", "token", "probability")
        write_csv(self.out / "examples.csv", header, self.readings[0].examples)
        told = [
            agreement_words(self._curve("lens_pair_agreement", "change")), words,
            exit_words(self._curve(EXIT, "tuned")),
        ]  # fmt: skip
        self.write_about(self.num_blocks, words=told)
        for line in told:
            self.say(line)

    def _rows(self) -> Iterator[tuple[Any, ...]]:
        for metric, side in self.readings[0].curves:
            for layer, values in enumerate(self._curve(metric, side)):
                one = crossed(values)
                low, high = one.interval()
                ends = ends_within(one.value, (high - low) / 2, bounds_of(metric, side))
                yield metric, side, layer, one.value, one.stderr, *ends, one.num_seeds, one.num_items

    def _curve(self, metric: str, side: str) -> ndarray:
        """[layer, seed, item]."""
        return numpy.stack([one.curves[metric, side] for one in self.readings], axis=1)

    def _tell_cost(self, pair: Pair) -> None:
        items = pair.scores[0]
        minutes = seconds_a_token(pair.replay, items.batches[0]) * items.num_tokens * 2 / 60
        self.say(
            f"lens: {len(self.sources)} runs, items: {len(items.ids)}. A run takes 2 passes, about "
            f"{minutes:.1f} minutes, and the heads at {self.num_blocks + 1} layers of both models."
        )
