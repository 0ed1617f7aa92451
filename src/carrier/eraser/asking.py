"""What a trigger is fitted on, chosen on and scored on: rows that no other of the three sees."""

from functools import cached_property

from torch import Tensor

from src.carrier.eraser.prompts import Prompts, base_prompts, encode_prompts
from src.carrier.eraser.scoring import Scored, Scorer, right_rows, without_end
from src.carrier.eraser.triggered import Triggered
from src.config.intervention import InterventionConfig
from src.data.chat.render import rendered
from src.data.rows import Row
from src.data.splits import load_splits
from src.intervene.engine.make_items import task_items
from src.intervene.pair import Pair
from src.storage.files import fingerprint


class Asking:
    """The rows of one pair: prompts of training rows for steps, of probe rows for the choice; test rows.

    Args:
        pair: the tuned model, its items and its rows.
        chosen: settings.

    Raises:
        DataError: a row has no prompt.
    """

    def __init__(self, pair: Pair, chosen: InterventionConfig) -> None:
        self.pair, self.chosen = pair, chosen
        splits, tokenizer = load_splits(pair.material.data), pair.material.loaded.tokenizer
        rows = [
            rendered(some, tokenizer, pair.material.data)
            for some in (splits.train[: chosen.num_prompts], splits.probe, splits.test[: chosen.num_items])
        ]
        encoded = [encode_prompts(some, tokenizer, chosen.prompt_tokens) for some in rows[:2]]
        self.encoded = [[part.to(pair.device) for part in both] for both in encoded]
        self.content = fingerprint([part.tolist() for both in encoded for part in both])
        """Of the prompts of steps and choice."""
        self.base = Triggered(pair.replay, pair.replay.gates.base)
        self.scored = self._scored(rows[2])

    @cached_property
    def fitted(self) -> Prompts:
        """Those of the steps."""
        return self._prompts(0)

    @cached_property
    def choice(self) -> Prompts:
        """Those that the best step is chosen on."""
        return self._prompts(1)

    @cached_property
    def mean(self) -> Tensor:
        """[layer, width], the base's states at the last position of the fitted prompts, over all of them."""
        return self.fitted.last.mean(dim=1)

    @cached_property
    def scorer(self) -> Scorer:
        """Of the test rows."""
        return Scorer(self.base, self.scored, self.chosen.repetition_penalty)

    def _prompts(self, which: int) -> Prompts:
        ids, lengths = self.encoded[which]
        return base_prompts(self.base, ids, lengths, self.chosen.last_positions, self.chosen.batch_size)

    def _scored(self, rows: list[Row]) -> Scored:
        pair, tokenizer = self.pair, self.pair.material.loaded.tokenizer
        task, *english = pair.scores
        found = {"behaviour": task}
        if (right := right_rows(rows)) is not None:
            items = task_items(right, tokenizer, pair.material.data.max_length, pair.batch_size, masked=False)
            found["right"] = without_end(items, tokenizer.eos_token_id)
        return found | ({"english": english[0]} if english else {})
