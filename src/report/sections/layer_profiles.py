"""Profiles by layer, the trained blocks in a strip below."""

from collections.abc import Sequence
from dataclasses import replace

from src.analysis.arms import Arm
from src.analysis.experiment import Experiment
from src.analysis.layer_profiles import ProfileLine
from src.analysis.material import Material
from src.analysis.runs import ALL
from src.method.spans import spans
from src.metrics.catalog import axis_title
from src.report.palette import GREY, Look, looks
from src.report.parts import Block, Chart, Section
from src.report.plot import Axis, Plot, Series, Strip
from src.report.sections.profile_bands import MOST_LINES, NOTE, band_series

MOST_SHOWN, _MOST_STRIPS = 13, 10
CORE = ("cka_debiased", "mean_shift", "effective_rank", "weight_change")
_NOTE = (
    "Layer 0 is the embedding output. Ribbons: 95 % interval over seeds; of one seed, over rows. The strip "
    "below: the blocks that were trained; where weights are compared, others are gaps. Click a name to hide "
    "it, twice to see it alone."
)
READINGS = {
    "all": "all tokens",
    "no_first": "without the first token",
    "no_massive": "without massive tokens",
    "all-standardised": "all tokens, standardised dimensions",
    "no_first-standardised": "without the first token, standardised dimensions",
    "no_massive-standardised": "without massive tokens, standardised dimensions",
}
"""What is pooled, in words."""
DEPTH = Axis("relative depth (0: embedding output, 1: last block)", limits=(0, 1))


def build(material: Material) -> list[Block]:
    """One figure with a choice of metric."""
    plots = material.get(profile_plots)
    return [Chart("profiles", "Metric by layer", plots, _NOTE, "metric")] if plots else []


def profile_plots(material: Material) -> dict[str, Plot]:
    """A plot a metric: a line an arm, of many arms the others waiting in the legend."""
    return {metric: _plot(material, metric, lines) for metric, lines in material.profiles.items()}


def pictures(material: Material) -> dict[str, Plot]:
    """Those that are drawn as files: of more arms than a printed figure can show, four metrics only."""
    many = len(material.study.arms) > MOST_SHOWN
    return {name: plot for name, plot in material.get(profile_plots).items() if not many or name in CORE}


def _plot(material: Material, metric: str, lines: Sequence[ProfileLine]) -> Plot:
    study, look = material.study, looks(material)
    trained = [line for line in lines if line.stage != "base"]
    arms = list({id(line.arm): line.arm for line in trained}.values())
    series = [_base(line) for line in lines if line.stage == "base"][:MOST_SHOWN]
    if len(arms) > MOST_LINES:
        return _banded(metric, series, trained, look)
    shown = _first(study, arms)
    series += [
        _series(line, line.arm.label(study.factors), look[id(line.arm)], line.arm not in shown)
        for line in trained
    ]
    caption = f"{len(shown)} of {len(arms)} arms shown; {_tokens(lines)}"
    return Plot(DEPTH, Axis(axis_title(metric)), series, _strips(shown, look), caption=caption, height=520)


def _banded(metric: str, base: Sequence[Series], lines: Sequence[ProfileLine], look: dict[int, Look]) -> Plot:
    """Of very many arms: those of one band as one, more bands than can be shown waiting in the legend."""
    groups: dict[str, list[ProfileLine]] = {}
    for line in lines:
        groups.setdefault(line.arm.band + _suffix(line), []).append(line)
    series = [
        band_series(name, mine, look[id(mine[0].arm)], waits=place >= MOST_SHOWN)
        for place, (name, mine) in enumerate(list(groups.items())[:MOST_LINES])
    ]
    first = [mine[0].arm for mine in list(groups.values())[:MOST_SHOWN]]
    caption = f"{NOTE}; {_tokens(lines)}"
    return Plot(
        DEPTH, Axis(axis_title(metric)), [*base, *series], _strips(first, look), caption=caption, height=520
    )


def _tokens(lines: Sequence[ProfileLine]) -> str:
    """Which tokens the lines are of."""
    told = list(dict.fromkeys(READINGS.get(line.reading, line.reading) for line in lines))
    return told[0] + "".join(f"; dotted: {other}" for other in told[1:])


def _first(study: Experiment, arms: Sequence[Arm]) -> Sequence[Arm]:
    """Of more arms than a figure can show: those of the first condition, or the first few."""
    if len(arms) <= MOST_SHOWN:
        return arms
    alike = [arm for arm in arms if study.condition(arm) == study.condition(arms[0])]
    return (alike if len(alike) > 1 else arms)[:MOST_SHOWN]


def _base(line: ProfileLine) -> Series:
    name = f"pretrained {line.arm.record['choices'].get('model', '')}".strip() + _suffix(line)
    dash = "dot" if _suffix(line) else "dash"
    return Series(name, line.depth, line.value, "line", line.low, line.high, GREY, dash=dash)


def _suffix(line: ProfileLine) -> str:
    """What the name of a line says of its tokens, where another one of its arm is of fewer."""
    return f", {READINGS[ALL]}" if line.reading == ALL != line.arm.first.reading else ""


def _series(line: ProfileLine, name: str, look: Look, waits: bool) -> Series:
    hue, marker, dash = look
    name, dash = name + _suffix(line), "dot" if _suffix(line) else dash
    seeds = f"{line.num_seeds} seeds" if line.num_seeds > 1 else "1 seed"
    hover = f"{name} ({seeds})<br>depth %{{x:.2f}}: %{{y:.4g}}"
    shown = Series(name, line.depth, line.value, "line", line.low, line.high, hue, symbol=marker, dash=dash)
    return replace(shown, hover=hover, waits=waits)


def _strips(arms: Sequence[Arm], look: dict[int, Look]) -> list[Strip]:
    """A strip for each set of trained blocks."""
    found: dict[tuple[int, ...], Strip] = {}
    for arm in arms:
        blocks, num_blocks = (
            arm.record.get("adapted", {}).get("blocks", []),
            arm.record["model"].get("num_blocks"),
        )
        if blocks and num_blocks:
            places = [(first / num_blocks, (last + 1) / num_blocks) for first, last in spans(blocks)]
            found.setdefault(tuple(blocks), Strip(look[id(arm)].hue, places))
    return list(found.values())[:_MOST_STRIPS]


SECTION = Section("Profiles by layer", "layers.csv: run with metrics other than none", build)
