"""An experiment as the report sees it: arms, runs that could not be compared and why, published numbers."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from src.analysis.arms import BAND, KIND, WHOLE, Arm, control_of, is_null
from src.analysis.find_runs import find_runs
from src.analysis.group_arms import group_arms, settings
from src.analysis.intervened import FOLDER
from src.analysis.references import Published, load_references
from src.analysis.runs import Run

_SPENDING = ("method.scaling", "method.budget")


@dataclass
class Experiment:
    """Everything that a section may read."""

    folder: Path
    runs: list[Run]
    """All of them, whatever their state."""
    arms: list[Arm]
    """Trained runs and compared checkpoints that can be compared, by what they were made of."""
    nulls: list[Arm]
    """The same of random pushes: no arm is compared with them but in the profiles over depth."""
    frozen: list[Run]
    """Runs without training: they tell the pretrained model's scores."""
    follow: list[str]
    """Settings that differ between arms and follow from the factors, such as the rank from the band."""
    left_out: list[tuple[Run, str]]
    """Runs that could not be compared, each with the reason."""
    published: list[Published]

    @property
    def name(self) -> str:
        """The experiment."""
        return self.folder.name

    @property
    def compared(self) -> list[Run]:
        """The runs behind every number."""
        return [run for arm in [*self.arms, *self.nulls] for run in arm.runs.values()] + self.frozen

    @cached_property
    def analysed(self) -> list[Path]:
        """Folders of the runs in which analyses of src.intervene left something."""
        return [run.folder for run in self.runs if (run.folder / FOLDER).is_dir()]

    @cached_property
    def factors(self) -> list[str]:
        """What differs between arms."""
        return list(self.arms[0].factors) if self.arms else []

    @cached_property
    def conditions(self) -> list[str]:
        """The factors under which bands are compared: all but what is trained."""
        return [name for name in self.factors if name not in (BAND, KIND)]

    @cached_property
    def seeds(self) -> list[int]:
        """All seeds of the trained runs."""
        return sorted({seed for arm in self.arms for seed in arm.runs if seed is not None})

    def condition(self, arm: Arm, without: str = "") -> str:
        """The condition of an arm in words, but for one factor; empty where all arms share it."""
        return ", ".join(arm.factors[name] for name in self.conditions if name != without)

    def condition_of(self, run: Run) -> str:
        """The same of one run, whether it was compared or not; empty for a run without training."""
        if is_null(run):
            return control_of(run)
        found = settings(run) if run.trains else {}
        return ", ".join(found.get(name, "-") for name in self.conditions) if found else ""

    def baseline(self, arm: Arm) -> Arm | None:
        """LoRA on the whole stack under the conditions of an arm; None where nobody ran it.

        Where only scaling or budget differ, a whole-stack run stands in whose rank and alpha / rank are those
        that were asked for: neither of the two changes it.
        """
        same = self._whole.get(_values(arm, self.conditions))
        if same is not None or arm.factors.get("method.scaling") == "rslora":
            return same
        return self._whole_as_asked.get(_values(arm, self._unspent))

    @cached_property
    def _unspent(self) -> list[str]:
        return [name for name in self.conditions if name not in _SPENDING]

    @cached_property
    def _whole(self) -> dict[tuple[str, ...], Arm]:
        """LoRA on the whole stack by its conditions, the first of each."""
        return {_values(one, self.conditions): one for one in self._last_to_first}

    @cached_property
    def _whole_as_asked(self) -> dict[tuple[str, ...], Arm]:
        return {_values(one, self._unspent): one for one in self._last_to_first if _as_asked(one)}

    @property
    def _last_to_first(self) -> list[Arm]:
        return [one for one in reversed(self.arms) if one.band == WHOLE and one.published]

    def missing_seeds(self) -> list[str]:
        """Arms that lack seeds which others have, in words."""
        return [
            f"{arm.label(self.factors)}: seeds {_list(arm.runs)} of {_list(self.seeds)}"
            for arm in self.arms
            if set(arm.runs) != set(self.seeds) and not arm.is_pair
        ]


def read_study(folder: Path) -> Experiment:
    """Read the runs below a folder and sort them; UserError where there is none."""
    runs = find_runs(folder)
    finished = [run for run in runs if run.problem is None]
    frozen = [run for run in finished if not run.trains]
    pushed = [run for run in finished if is_null(run)]
    trained = [run for run in finished if run.trains and not is_null(run)]
    arms, follow, unlike = group_arms(trained)
    nulls, others = _group_pushes(pushed)
    left_out = [(run, run.problem) for run in runs if run.problem] + unlike + others
    told = [one for one in load_references() if one.is_told_beside(run.config for run in runs)]
    return Experiment(folder, runs, arms, nulls, frozen, follow, left_out, told)


def _group_pushes(pushed: Iterable[Run]) -> tuple[list[Arm], list[tuple[Run, str]]]:
    """Arms of random pushes, and those that fit none; the draws beside one run are arms of their own."""
    by_source: dict[object, list[Run]] = {}
    for run in pushed:
        by_source.setdefault(run.config.get("control.source"), []).append(run)
    grouped = [group_arms(runs) for runs in by_source.values()]
    return [arm for arms, _, _ in grouped for arm in arms], [one for *_, unlike in grouped for one in unlike]


def mixed(values: Mapping[str, str | None], what: str) -> list[str]:
    """A sentence where runs differ in something that should be one, with how many have each."""
    counts = Counter(values.values())
    if len(counts) < 2:
        return []
    shares = ", ".join(f"{value or 'unknown'} ({count} runs)" for value, count in counts.most_common())
    return [f"{what} differs: {shares}"]


def _values(arm: Arm, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(arm.factors[name] for name in names)


def _as_asked(arm: Arm) -> bool:
    lora = arm.lora
    try:
        same_scale = abs(lora["scale"] - lora["alpha_asked"] / lora["rank_asked"]) < 1e-9
        return lora["rank"] == lora["rank_asked"] and same_scale
    except (KeyError, TypeError):
        return False


def _list(seeds: Iterable[int]) -> str:
    return ", ".join(str(seed) for seed in sorted(seeds))
