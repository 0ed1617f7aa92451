"""What training did to abilities that it was not about."""

from src.analysis.arm_scores import ArmScores, TaskScores
from src.analysis.forgetting import change_rows, fifth_rows, other_abilities
from src.analysis.material import Material
from src.report.columns import TESTED, columns
from src.report.crowd import first_conditions
from src.report.palette import looks
from src.report.parts import Block, Chart, Section
from src.report.plot import Axis, Plot
from src.report.sections.score_by_band import by_condition, points
from src.report.table import Table

DETECTABLE = "smallest detectable: the true difference that the test would have found with 80 % power"
_NOTE = "After minus before, paired by item; bars: 95 % interval over seeds and items. Away from 0 is change."
_CHANGE_NOTE = (
    "difference: after minus before, paired by item; Holm's correction among the bands of a condition. "
    f"{DETECTABLE}."
)
_FIFTHS_NOTE = (
    "difference: the fifth after training minus the mean of the other four, paired by seed and item; "
    "the scatter over seeds is pooled over the five. Holm's correction among the five. Under one condition "
    f"all fifths have nearly one rank and one scale of updates. {DETECTABLE}."
)
_FORGOTTEN = {True: "; below 0: forgotten", False: "; above 0: forgotten", None: ""}


def build(material: Material) -> list[Block]:
    """Change since the pretrained model, by band, of every task but the trained one."""
    plots = {task.label: _plot(material, task, arms) for task, arms in other_abilities(material)}
    if not plots:
        return []
    changes, fifths = change_rows(material), fifth_rows(material)
    key = ("task", "condition", "band")
    heads = columns(*key, "before", *TESTED, value="difference")
    folded = len(changes) > 30
    blocks: list[Block] = [
        Chart("forgetting", "Other abilities: change by training", plots, _NOTE, "task"),
        Table("forgetting", "Change of other abilities", heads, changes, _CHANGE_NOTE, folded),
    ]
    if fifths:
        title = "Other abilities: each fifth of the depth against the mean of the other four"
        heads = columns(*key, *TESTED, value="difference")
        blocks.append(Table("forgetting_fifths", title, heads, fifths, _FIFTHS_NOTE))
    return blocks


def _plot(material: Material, task: TaskScores, arms: list[ArmScores]) -> Plot:
    look, study = looks(material), material.study
    arms, caption = first_conditions(arms, lambda one: study.condition(one.arm))
    bands = list(dict.fromkeys(one.arm.band for one in arms))
    series = []
    for name, marker, shift, mine in by_condition(study, arms):
        x = [bands.index(one.arm.band) + shift for one in mine]
        series.append(points(name, marker, x, [one.change for one in mine], mine, look))
    title = f"{task.label}: change{_FORGOTTEN[task.higher_is_better]}"
    axis = Axis("trained band, input side first", bands)
    return Plot(axis, Axis(title), series, zero=True, caption=caption)


SECTION = Section(
    "Forgetting",
    "scores of a task that no training row belongs to: run with evaluate=forgetting",
    build,
)
