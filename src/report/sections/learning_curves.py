"""Learning curves."""

from collections.abc import Sequence

from src.analysis.arms import BAND, Arm
from src.analysis.learning_curves import MOST_POINTS, arms_with_steps, curve_rows, learning_curves
from src.analysis.material import Material
from src.analysis.run_tables import LOGGED
from src.report.columns import columns, setting_column
from src.report.crowd import first_conditions
from src.report.palette import looks
from src.report.parts import Block, Chart, Section
from src.report.plot import Axis, Plot, Series
from src.report.table import Table

_TITLES = {"loss": "training loss (nats per token)", "gradient_norm": "gradient norm before clipping"}
_MOST_SHOWN = 12
_OTHERS = "the others are in steps.jsonl of their runs"
_NOTE = f"Mean over seeds and over bins of steps (at most {MOST_POINTS}); ribbons: 95 % interval over seeds."


def build(material: Material) -> list[Block]:
    """One figure with a choice of what is drawn."""
    study = material.study
    arms, caption = first_conditions(arms_with_steps(study), study.condition, _OTHERS)
    rows = curve_rows(study, arms)
    if not rows:
        return []
    settings = [setting_column(name) for name in study.factors if name != BAND]
    heads = columns("band", *settings, "seed", "step", *LOGGED)
    table = Table("curves", "Learning curves", heads, rows)
    plots = {title: _plot(material, arms, key, title, caption) for key, title in _TITLES.items()}
    return [Chart("learning_curves", "Learning curves", plots, _NOTE, "show", table)]


def _plot(material: Material, arms: Sequence[Arm], key: str, title: str, caption: str) -> Plot:
    study, look = material.study, looks(material)
    curves = learning_curves(arms, key)
    first = study.condition(curves[0].arm) if len(curves) > _MOST_SHOWN else None
    series = []
    for one in curves:
        name = one.arm.label(study.factors)
        hover = f"{name} ({one.num_seeds} seeds)<br>step %{{x:.0f}}: %{{y:.3f}}"
        hue, _, dash = look[id(one.arm)]
        waits = first not in (None, study.condition(one.arm))
        series.append(
            Series(
                name, one.steps, one.mean, "rule", one.low, one.high, hue, dash=dash, hover=hover, waits=waits
            )
        )
    return Plot(Axis("optimizer step"), Axis(title), series, caption=caption, height=460)


SECTION = Section("Learning curves", "steps.jsonl", build)
