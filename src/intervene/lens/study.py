"""The lens on both models of finished runs, and what was stated before it was read."""

from collections.abc import Sequence
from pathlib import Path

from src.config.intervention import FOLDER, InterventionConfig
from src.errors import DataError
from src.intervene.engine.cost import seconds_a_token
from src.intervene.lens.reading import EXIT, Reading, read_pair
from src.intervene.lens.tables import CURVES, Curves, write_lens
from src.intervene.lens.words import agreement_words, emergence_words, exit_words
from src.intervene.pair import Pair
from src.intervene.study import Source, Study
from src.model.causal import check_causal


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
        found = Curves.of(self.readings)
        found.write(self.out / CURVES)
        write_lens(self.out, found)
        words, _ = emergence_words(found.emergence["base"], found.emergence["tuned"])
        told = [
            agreement_words(found.curves["lens_pair_agreement", "change"]), words,
            exit_words(found.curves[EXIT, "tuned"]),
        ]  # fmt: skip
        self.write_about(self.num_blocks, words=told)
        for line in told:
            self.say(line)

    def _tell_cost(self, pair: Pair) -> None:
        items = pair.scores[0]
        minutes = seconds_a_token(pair.replay, items.batches[0]) * items.num_tokens * 2 / 60
        self.say(
            f"lens: {len(self.sources)} runs, items: {len(items.ids)}. A run takes 2 passes, about "
            f"{minutes:.1f} minutes, and the heads at {self.num_blocks + 1} layers of both models."
        )
