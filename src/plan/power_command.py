"""python -m src.plan power: whether so many arms, seeds and items can tell the declared claims."""

import argparse
import math
from collections.abc import Sequence

from src.command.program import parser_of, path_of, runs_path
from src.command.terminal import console
from src.config.rules import refuse
from src.plan.power import Plan, Told, components_of, declared_effects, stated_effect, tell
from src.plan.swept import Swept, judged_by
from src.statistics.power import MAX_SEEDS, Components

ABOUT = """\
Can the planned study tell the declared claims, or one difference? Before it is run.

python -m src.plan power sweeps/band_study_small.yaml --from runs/EXPERIMENT
python -m src.plan power sweeps/band_study.yaml experiment=band_study_olmo2_7b --from runs/EXPERIMENT
python -m src.plan power --arms 9 --seeds 3 --items 200 --components 0.0004,0.03,0.25 --effect 0.05

Arms and seeds are those of the sweep, unless given. How much seeds and items scatter comes from a finished
study (--from, with its number of items) or is stated (--components SEEDS,ITEMS,REST: variances of the
difference of two arms, of the mean over items between seeds, of the mean over seeds between items, and of
the rest). Power is 80 %. Claims are those of conf/reference, after the correction for how they were chosen;
of each it says whether these runs may judge it, or what differs from its setting.
"""
_LEGEND = (
    "Least: the smallest true difference that this plan finds. Seeds: the fewest that find the effect with "
    "these items; to confirm, half of it."
)
_SHARED = "More seeds never remove the error over items that all seeds share."
_SETTING = "Only runs of a claim's own setting judge it; all others are checks in miniature."
_COMPONENTS = "three variances of at least 0, SEEDS,ITEMS,REST"


def power_parser() -> argparse.ArgumentParser:
    """Its options; the sweep's runs are read by the command, which stands above the rooms."""
    parser = parser_of("src.plan power", ABOUT)
    parser.add_argument("sweep", nargs="?", type=path_of, help="a file such as sweeps/band_study_small.yaml")
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="as for src.sweep")
    parser.add_argument("--from", dest="study", type=runs_path, metavar="runs/EXPERIMENT")
    parser.add_argument("--task", help="of that study; the first that has items")
    parser.add_argument("--components", metavar="SEEDS,ITEMS,REST")
    parser.add_argument("--effect", type=float, help="a difference, in place of the declared claims")
    for name in ("arms", "seeds", "items"):
        parser.add_argument(f"--{name}", type=int)
    return parser


def power(
    options: argparse.Namespace, runs: Sequence[tuple[str, ...]] = (), swept: Sequence[Swept] = ()
) -> None:
    """Print a row for each effect.

    Args:
        options: as `power_parser` reads them.
        runs: overrides of every run of the sweep that trains; none without one.
        swept: what these runs are of.

    Raises:
        ConfigError: too few seeds, arms or items, or an effect that is no number.
    """
    parts, items, told = _components(options)
    seeds, arms = _sizes(runs)
    seeds, arms = options.seeds or seeds, options.arms or arms
    items = options.items or items
    for name, given, least in (("seeds", seeds, 2), ("arms", arms, 2), ("items", items, 2)):
        if given < least:
            refuse(f"--{name}", given or None, f"at least {least}, from the sweep, the study or the option")
    plan = Plan(arms, seeds, items)
    if options.effect is not None and not (math.isfinite(options.effect) and options.effect):
        refuse("--effect", options.effect, "a finite difference other than 0")
    effects = declared_effects() if options.effect is None else [stated_effect(options.effect, arms)]
    _show(plan, told, tell(plan, parts, effects), swept, shared=parts.items > 0)


def _components(options: argparse.Namespace) -> tuple[Components, int, str]:
    if (options.study is None) == (options.components is None):
        refuse("power", "both or neither", "one of --from runs/EXPERIMENT and --components SEEDS,ITEMS,REST")
    if options.study is not None:
        return components_of(options.study, options.task)
    try:
        parts = Components(*(float(text) for text in options.components.split(",")))
    except (TypeError, ValueError):
        refuse("--components", options.components, _COMPONENTS)
    if not all(math.isfinite(one) and one >= 0 for one in parts):
        refuse("--components", options.components, _COMPONENTS)
    return parts, 0, "stated"


def _sizes(trained: Sequence[tuple[str, ...]]) -> tuple[int, int]:
    """Seeds and arms of the runs of a sweep that train."""
    seeds = {line for run in trained for line in run if line.startswith("seed=")}
    arms = {tuple(line for line in run if not line.startswith("seed=")) for run in trained}
    return len(seeds), len(arms)


def _show(plan: Plan, told: str, found: Sequence[Told], swept: Sequence[Swept], shared: bool) -> None:
    from rich.table import Table

    title = f"{plan.num_arms} arms, {plan.num_seeds} seeds, {plan.num_items} items; scatter: {told}"
    table = Table(title=title, title_justify="left")
    left = ("effect", "told?", "judged by these runs?")
    judging = bool(swept) and any(one.effect.claim for one in found)
    for name in ("effect", "size", "least", "told?", "seeds", "to confirm", *left[2:][:judging]):
        table.add_column(name, justify="left" if name in left else "right", overflow="fold")
    for one in found:
        claim = one.effect.claim
        table.add_row(*_row(one), *([judged_by(claim, swept)] if judging and claim else []))
    console().print(table)
    print(_LEGEND, *[_SHARED][:shared], *[_SETTING][:judging])


def _row(one: Told) -> list[str]:
    if one.effect.value == 0:
        return [one.effect.name, "-", f"{one.least:.3f}", "the choice explains all of it", "-", "-"]
    counts = [f"> {MAX_SEEDS}" if n is None else str(n) for n in (one.seeds, one.seeds_confirming)]
    return [one.effect.name, f"{one.effect.value:+.3f}", f"{one.least:.3f}", one.answer, *counts]
