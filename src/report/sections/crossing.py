"""Band x control: does the advantage of a band survive equal steps?"""

from collections.abc import Iterator

from pandas import DataFrame

from src.report.blocks import Text
from src.report.depth.blocks import frame_table
from src.report.depth.crossing import Crossed, Sides, cross, survives
from src.report.depth.settings import WHOLE, settings_of
from src.report.scores import TaskScores
from src.report.section import Block, Material, Section

KEY = ["label", "objective", "data", "others"]
_NOTE = (
    "Advantage: score of the band minus score of the whole stack. Change: advantage under standard training "
    "minus that under equal steps. Paired by seed, and by item where all runs answered the same; 95 % "
    "intervals over both."
)


def build(material: Material) -> list[Block]:
    """A sentence and three rows for each band, model and score that ran in all four cells."""
    told, rows = [], []
    for task in material.scores:
        for key, sides in _groups(material, task):
            for band in dict.fromkeys(band for band, _ in sides if band != WHOLE):
                found = cross(sides, band, WHOLE)
                if found is None:
                    continue
                verdict, sentence = survives(found)
                name = ", ".join(value for value in key.values() if value)
                told.append(f"Band {band}, {name}, {task.label}: {sentence}")
                rows += _rows({"band": band, **key, "score": task.label}, found, verdict)
    if not rows:
        return []
    shown = {name: name for name in ("band", *KEY, "score")}
    shown |= {"advantage": "advantage over the whole stack", "n": "seeds", "items": "items", "mean": "mean"}
    shown |= {"low,high": "95 % interval", "verdict": "verdict"}
    return [
        Text(told, bullets=True),
        frame_table("band_control", "Band x control", DataFrame(rows), shown, _NOTE),
    ]


def _groups(material: Material, task: TaskScores) -> Iterator[tuple[dict[str, str], Sides]]:
    """The arms that differ in band and control only."""
    groups: dict[tuple[str, ...], dict] = {}
    for one in task.arms:
        _, settings = settings_of([one.arm])
        if len(settings):
            setting = settings.iloc[0]
            group = groups.setdefault(tuple(setting[KEY]), {})
            group[setting["arm"], setting["control"]] = one.tuned
    for key, sides in groups.items():
        yield dict(zip(KEY, key, strict=True)), sides


def _rows(key: dict[str, str], found: Crossed, verdict: str) -> list[dict]:
    rows = []
    for name, one in found._asdict().items():
        low, high = one.interval()
        numbers = {"n": one.num_seeds, "items": one.num_items, "mean": one.value, "low": low, "high": high}
        rows.append(key | {"advantage": name} | numbers | {"verdict": verdict})
    return rows


SECTION = Section(
    "Does the advantage survive equal steps?",
    "one band and the whole stack, each under control=none and control=equal_step, with scores: "
    "experiment=midblock_equal_step",
    build,
)
