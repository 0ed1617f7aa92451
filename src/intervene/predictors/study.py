"""Runs of many models, asked for their causal profiles and for what tells them beforehand."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from src.config.intervention import InterventionConfig
from src.config.rules import refuse
from src.config.schema import RunConfig
from src.intervene.causal.measure import Measurement
from src.intervene.causal.predictors import mean_profiles, predictions, profiles
from src.intervene.causal.summary import PILOT, summaries
from src.intervene.predictors.over_models import (
    MIN_MODELS,
    Agreement,
    Placed,
    Witness,
    agreements,
    placed,
)
from src.intervene.quantity import over_seeds
from src.intervene.study import Source, Study, tables_of
from src.runtime.progress import Progress
from src.storage.csv_file import write_csv
from src.storage.files import write_json

OBJECTIVE = "causal_lm"
"""Of the runs that are asked: their items have a score without a prompt as well."""


class ModelGain(NamedTuple):
    """One model under one control, as models.csv has it."""

    control: str
    model: str
    num_runs: int
    num_blocks: int
    gain: float
    """nats a token"""
    gain_low: float
    gain_high: float
    additivity: float
    """Mean over its runs."""
    used: bool
    """Whether the gain's interval leaves 0 out: else nothing is said of its parts."""


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
        self.models: list[ModelGain] = []
        self.witnesses: dict[str, list[Witness]] = {}
        self._tell_cost(len(configs) - len(asked))

    def measure(self) -> None:
        """Every model in turn; what a run was asked before is not asked again."""
        total = sum(map(len, self.arms.values()))
        with Progress("predictors", total, "runs") as progress:
            for (control, model), sources in self.arms.items():
                self._take(control, model, sources, progress)

    def write(self) -> None:
        """models.csv, and over them predictors.csv and summary.csv with a line a control."""
        write_csv(self.out / "models.csv", ModelGain._fields, self.models)
        told = {control: agreements(found) for control, found in self.witnesses.items()}
        where = {control: list(placed(found)) for control, found in self.witnesses.items()}
        lines = [(control, *one) for control, found in told.items() for one in found]
        write_csv(self.out / "predictors.csv", ("control", *Agreement._fields), lines)
        places = [(control, *one) for control, found in where.items() for one in found]
        write_csv(self.out / "summary.csv", ("control", *Placed._fields), places)
        write_json(self.out / "about.json", {"runs": sum(one.num_runs for one in self.models)})
        for control, found in told.items():
            self.say(f"control={control}: {len(self.witnesses[control])} models with a gain")
            for one in found:
                self.say(
                    f"{one.predictor} against {one.target}: rho {one.rho:+.2f} ({one.low:+.2f} to "
                    f"{one.high:+.2f}), given depth {one.partial:+.2f}, regret {one.regret:.2f}"
                )

    def _take(self, control: str, model: str, sources: Sequence[Source], progress: Progress) -> None:
        runs, seen, additivity = [], [], []
        for source in sources:
            pair = source.open(self.asked)
            measurement = Measurement(pair, self.chosen, table=source.folder)
            (found, *_) = measurement.found(pair.scores[0], tables_of([source.folder], self.chosen)[0])
            runs.append(found.rows)
            seen.append(measurement.seen)
            additivity.append(found.additivity)
            progress.advance()
        rows = over_seeds(runs)
        low, high = rows[0].estimate.interval()
        used = low > 0 or high < 0
        mean = sum(additivity) / len(additivity)
        gain = (rows[0].estimate.value, low, high)
        self.models.append(ModelGain(control, model, len(runs), pair.num_blocks, *gain, mean, used))
        if used:
            sides = profiles(rows, mean_profiles(seen), pair.trained)
            told = predictions(rows, sides, pair.trained)
            where = {one.name: one.value for one in summaries(rows, pair.num_blocks) if one.name not in PILOT}
            self.witnesses.setdefault(control, []).append(Witness(model, pair.num_blocks, told, where))

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
