"""The trigger against one run, or several of one arm: fitted in four cells, with controls, and told."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from torch import Tensor

from src.carrier.eraser.asking import Asking
from src.carrier.eraser.cells import AIMS, NONE, RANDOM_VECTORS, UNFITTED, Aims, Cell, aims, random_vectors
from src.carrier.eraser.fit import Trigger, TriggerFit
from src.carrier.eraser.found import Erased, TriggerEnd
from src.carrier.eraser.kept import keep_triggers
from src.carrier.eraser.loss import Goal
from src.carrier.eraser.prompts import check_prompts
from src.carrier.eraser.store import kept_trigger
from src.carrier.eraser.tables import told, write_tables
from src.carrier.eraser.triggered import Triggered
from src.carrier.masked_update import MaskedUpdate
from src.carrier.measure import named
from src.carrier.study import fitted_carrier, update_of
from src.config.eraser import EraserSettings
from src.config.intervention import FOLDER, InterventionConfig
from src.config.rules import refuse
from src.config.schema import RunConfig
from src.data.splits import Splits
from src.intervene.pair import Pair
from src.intervene.study import Source, Study
from src.model.loaded import LoadedModel
from src.runtime.progress import Progress
from src.storage.cache import code_fingerprint

SEED = 0
"""Of what is drawn at random: starts, orders, channels, vectors."""


class EraserStudy(Study):
    """Four cells and two controls of every run."""

    causal = True

    @classmethod
    def check(cls, config: RunConfig, loaded: LoadedModel, splits: Splits) -> None:
        """As for all; DataError where a row has no prompt."""
        super().check(config, loaded, splits)
        check_prompts([*splits.train, *splits.probe, *splits.test])

    def __init__(self, sources: Sequence[Source], chosen: InterventionConfig, out: Path) -> None:
        super().__init__(sources, chosen, out)
        if len(chosen.rhos) != 1:
            refuse("intervention.rhos", chosen.rhos, "one budget for an eraser, whose carrier it is")
        pair = self.first_pair()
        update_of(pair, chosen)
        asking = Asking(pair, chosen)
        self.say(
            f"{len(self.sources)} runs: a carrier each (unless it is there), then 4 triggers of "
            f"{chosen.num_vectors} vectors in {chosen.trigger_steps} steps of {chosen.prompt_batch} prompts, "
            f"and two controls; scored on {len(asking.scored['behaviour'].ids)} items."
        )
        self.num_blocks, self.found = pair.num_blocks, list[Erased]()
        self.done: Callable[[], object] = lambda: None

    def measure(self) -> None:
        """Run by run."""
        for source, pair in self.pairs():
            update = update_of(pair, self.chosen)
            with update.restored():
                self.found.append(self._of(source.folder, pair, update))

    def write(self) -> None:
        """The tables, what they are made of, and what is told of them here."""
        for line in told(write_tables(self.out, self.found)):
            self.say(line)
        keep_triggers(self.out, self.found)
        self.write_about(self.num_blocks)

    def _of(self, folder: Path, pair: Pair, update: MaskedUpdate) -> Erased:
        before = {name: value.clone() for name, value in update.trained_values().items()}
        fits = folder / FOLDER / "fits"
        fitted, key = fitted_carrier(pair, update, self.chosen, self.chosen.rhos[0], fits)
        asking = Asking(pair, self.chosen)
        width, channels = asking.fitted.last.shape[-1], self.chosen.channels
        targets = aims(fitted.masks, pair.num_blocks, width, channels, SEED)
        found = Erased(folder.name, update.density(fitted.masks), asking.scorer.score(asking.base), {}, {})
        keep = partial(self._kept, fits / key[:12], [key, asking.content])
        with Progress(f"{folder.name} triggers", 4 * self.chosen.trigger_steps, "steps") as progress:
            self.done = progress.advance
            with named(update, fitted.masks) as pattern:
                self._cells("carrier", Triggered(pair.replay, pattern), asking, targets, found, keep)
            update.set_trained(before)  # if the carrier's weights trained on
            tuned = Triggered(pair.replay, pair.replay.gates.tuned)
            self._cells("plain", tuned, asking, targets, found, keep)
        return found

    def _kept(self, folder: Path, key: list[str], cell: Cell, fit: Callable[[], Trigger]) -> Trigger:
        """The trigger of a cell, fitted once."""
        own = {name: getattr(self.chosen, name) for name in EraserSettings.__dataclass_fields__}
        code = code_fingerprint("carrier", "intervene/engine", "model", "data")
        return kept_trigger(folder, [*key, *cell, own, code], fit)

    def _cells(
        self,
        model: str,
        variant: Triggered,
        asking: Asking,
        targets: Aims,
        found: Erased,
        keep: Callable[[Cell, Callable[[], Trigger]], Trigger],
    ) -> None:
        """Fit and score the triggers against one variant."""
        found.scores[Cell(model, NONE)] = asking.scorer.score(variant)
        vectors: dict[str, Tensor] = {}
        for aim in AIMS:
            goal = Goal(getattr(targets, aim).to(asking.pair.device), asking.mean)
            fit = partial(self._fit(variant, goal, asking, self.chosen).run, self.done)
            trigger = keep(Cell(model, aim), fit)
            found.triggers[Cell(model, aim)] = TriggerEnd.of_fit(trigger)
            vectors[aim] = trigger.vectors.to(asking.pair.device)
        vectors[RANDOM_VECTORS] = random_vectors(vectors["own"], SEED)
        blind = replace(self.chosen, channel_weight=0.0, kl_weight=0.0)
        vectors[UNFITTED] = self._fit(variant, goal, asking, blind).run().vectors
        for name, value in vectors.items():
            found.scores[Cell(model, name)] = asking.scorer.score(variant, value)

    @staticmethod
    def _fit(variant: Triggered, goal: Goal, asking: Asking, chosen: InterventionConfig) -> TriggerFit:
        return TriggerFit(asking.base, variant, goal, asking.fitted, asking.choice, chosen, SEED)
