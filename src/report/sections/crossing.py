"""Band x control: does the advantage of a band survive equal steps?"""

import pandas
from pandas import DataFrame

from src.report.blocks import Text
from src.report.depth.blocks import frame_table
from src.report.depth.crossing import Mean, cross, survives
from src.report.depth.scores import gather_scores
from src.report.depth.settings import WHOLE
from src.report.section import Block, Material, Section

BY = ["label", "objective", "data", "others", "task", "score"]
_PARTS = ("standard", "equal_step", "change")
_NOTE = (
    "Advantage: score of the band minus score of the whole stack, paired by seed. Change: advantage under "
    "standard training minus that under equal steps. 95 % t intervals over seeds, on the items of this test "
    "set."
)


def build(material: Material) -> list[Block]:
    """A sentence and three rows for each band, model and score that ran in all four cells."""
    scores = gather_scores(material.study.arms)
    bands = [arm for arm in scores["arm"].unique() if arm != WHOLE]
    found = [
        cross(scores[scores["arm"].isin([band, WHOLE])], BY, "arm", band, WHOLE).assign(band=band)
        for band in bands
    ]
    table = pandas.concat(found, ignore_index=True) if found else DataFrame()
    if table.empty:
        return []
    shown = {name: name for name in ("band", "label", "objective", "task", "score")}
    shown |= {"advantage": "advantage over the whole stack", "n": "seeds", "mean": "mean"}
    shown |= {"low,high": "95 % interval", "verdict": "verdict"}
    told, verdicts = [], []
    for key, rows in table.groupby(["band", *BY], sort=False):
        verdict, sentence = survives(*_means(rows))
        told.append(f"Band {key[0]}, {key[1]}, {key[5]} {key[6]}: {sentence}")
        verdicts += [(index, verdict) for index in rows.index]
    table = table.assign(verdict=pandas.Series(dict(verdicts)))
    return [
        Text(told, bullets=True),
        frame_table("band_control", "Band x control", table, shown, _NOTE),
    ]


def _means(rows: DataFrame) -> list[Mean]:
    rows = rows.set_index("advantage").loc[list(_PARTS)]
    return [Mean(row["mean"], row["low"], row["high"], int(row["n"])) for row in rows.to_dict("records")]


SECTION = Section(
    "Does the advantage survive equal steps?",
    "one band and the whole stack, each under control=none and control=equal_step, with scores: "
    "experiment=midblock_equal_step",
    build,
)
