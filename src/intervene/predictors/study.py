"""Runs of many models, asked for their causal profiles and for what tells them beforehand."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from src.config.intervention import InterventionConfig
from src.config.rules import refuse
from src.config.schema import RunConfig
from src.intervene.causal.measure import Measurement
from src.intervene.causal.predictors import mean_profiles, predictions, profiles
from src.intervene.causal.summary import PILOT, summaries
from src.intervene.predictors.over_models import MIN_MODELS, Witness
from src.intervene.predictors.tables import ModelRuns, RunGain, write_models
from src.intervene.quantity import over_seeds
from src.intervene.study import Source, Study, tables_of
from src.runtime.progress import Progress
from src.storage.files import write_json

OBJECTIVE = "causal_lm"
"""Of the runs that are asked: their items have a score without a prompt as well."""


class PredictorsStudy(Study):
    """Runs of each model are taken together, and models are the unit."""

    def __init__(self, sources: Sequence[Source], chosen: InterventionConfig, out: Path) -> None:
        super().__init__(sources, chosen, out)
        configs = [(one.config, one) for one in sources if one.config is not None]
        if len(configs) < len(sources):
            refuse("predictors", "two folders of weights", "finished runs of several models")
        asked = [
            (config, one)
            for config, one in configs
            if config.objective.name == OBJECTIVE and not config.control.pushes
        ]
        arms = {key: list(group) for key, group in groupby(sorted(asked, key=_arm_seed), key=_arm)}
        num_models = len({model for _, model in arms})
        if num_models < MIN_MODELS:
            refuse("runs", f"{num_models} models with objective={OBJECTIVE}", f"at least {MIN_MODELS}")
        self.arms = {key: [source for _, source in group] for key, group in arms.items()}
        self.models: list[ModelRuns] = []
        self._tell_cost(len(configs) - len(asked))

    def measure(self) -> None:
        """Every model in turn; what a run was asked before is not asked again."""
        total = sum(map(len, self.arms.values()))
        with Progress("predictors", total, "runs") as progress:
            for (control, model), sources in self.arms.items():
                self._take(control, model, sources, progress)

    def write(self) -> None:
        """models.csv, and over them predictors.csv and summary.csv with a line a control."""
        told = write_models(self.out, self.models)
        write_json(self.out / "about.json", {"runs": sum(len(one.runs) for one in self.models)})
        for control, found in told.items():
            num_told = sum(one.control == control and one.witness is not None for one in self.models)
            self.say(f"control={control}: {num_told} models with a gain")
            for one in found:
                self.say(
                    f"{one.predictor} against {one.target}: rho {one.rho:+.2f} ({one.low:+.2f} to "
                    f"{one.high:+.2f}), given depth {one.partial:+.2f}, regret {one.regret:.2f}"
                )

    def _take(self, control: str, model: str, sources: Sequence[Source], progress: Progress) -> None:
        quantities, runs, seen = [], [], []
        for source in sources:
            pair = source.open(self.asked)
            measurement = Measurement(pair, self.chosen, table=source.folder)
            (found, *_) = measurement.found(pair.scores[0], tables_of([source.folder], self.chosen)[0])
            quantities.append(found.rows)
            runs.append(RunGain(source.folder.name, found.rows[0].values[0], found.additivity))
            seen.append(measurement.seen)
            progress.advance()
        made = ModelRuns(control, model, pair.num_blocks, runs)
        if made.told.used:
            rows = over_seeds(quantities)
            sides = profiles(rows, mean_profiles(seen), pair.trained)
            told = predictions(rows, sides, pair.trained)
            where = {one.name: one.value for one in summaries(rows, pair.num_blocks) if one.name not in PILOT}
            made = made._replace(witness=Witness(model, pair.num_blocks, told, where))
        self.models.append(made)

    def _tell_cost(self, num_left_out: int) -> None:
        """By one run of each model."""
        minutes, runs = 0.0, 0
        for sources in self.arms.values():
            cost = Measurement(sources[0].open(self.asked), self.chosen).cost()
            minutes, runs = minutes + cost.minutes * len(sources), runs + len(sources)
        self.say(
            f"{runs} runs of {len(self.arms)} models and controls, about {minutes:.1f} minutes; not asked, "
            f"as they were pushed at random or their objective is not {OBJECTIVE}: {num_left_out} runs."
        )


def _arm(run: tuple[RunConfig, Source]) -> tuple[str, str]:
    """Control and model."""
    return run[0].control.kind, run[0].model.name


def _arm_seed(run: tuple[RunConfig, Source]) -> tuple[str, str, int]:
    return *_arm(run), run[0].seed
