"""The table of metrics: what each one is, what it needs and where its function lives.

Imports no torch, so that a wrong name is refused before anything heavy is loaded.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from typing import Any

from src.config.rules import refuse
from src.config.schema import MetricsConfig
from src.errors import DataError
from src.metrics.geometry import family as geometry
from src.metrics.information import family as information
from src.metrics.lens import family as lens
from src.metrics.metric import Metric
from src.metrics.optimization import family as optimization
from src.metrics.shift import family as shift

_FAMILIES = (information, geometry, shift, optimization, lens)
FAMILIES: dict[str, list[str]] = {
    family.METRICS[0].family: [metric.name for metric in family.METRICS if not metric.extra]
    for family in _FAMILIES
}
"""What a family's name brings, in the order of tables."""
_OF_ONE_SIDE = ("pooled", "next", "tokens", "views", "lens", "lens_pair", "lens_choices", "lens_text")
"""What one model has, whatever it is compared with, and what heads say, whose vocabulary is checked."""
METRICS: dict[str, Metric] = {metric.name: metric for family in _FAMILIES for metric in family.METRICS}


def metric_names(asked: Sequence[str], num_samples: int) -> list[str]:
    """What `metrics.names` means: each family in it as its metrics.

    Raises:
        ConfigError: a name that nobody knows, or a metric named twice.
        DataError: fewer samples than a metric is defined for.
    """
    names = [name for one in asked for name in FAMILIES.get(one, [one])]
    check_names(names)
    for name in names:
        check_samples(name, num_samples)
    return names


def check_names(names: Sequence[str]) -> None:
    """Refuse a metric nobody knows, or one named twice (ConfigError)."""
    for index, name in enumerate(names):
        if name not in METRICS:
            refuse(
                "metrics.names", name, f"families ({', '.join(FAMILIES)}) and metrics: {', '.join(METRICS)}"
            )
        if name in names[:index]:
            refuse("metrics.names", list(names), f"each metric once; {name} is named twice")


def axis_title(series: str) -> str:
    """How an axis names a series of the layer table, `metric` or `metric/kind`: in words, with the unit."""
    unit = METRICS[series.split("/")[0]].unit
    return series.replace("_", " ") + (f" ({unit})" if unit else "")


def names_needing(names: Sequence[str], *needs: str) -> list[str]:
    """Those of `names` whose `needs` is one of the given, in the given order."""
    return [name for name in names if METRICS[name].needs in needs]


def alike_only(names: Sequence[str]) -> list[str]:
    """Those of `names` that make no sense for two models of unlike widths or tokenizers."""
    apart = names_needing(names, *_OF_ONE_SIDE)
    return [name for name in names if name not in apart and not METRICS[name].unlike]


def check_samples(name: str, num_samples: int) -> None:
    """Refuse fewer samples than a metric is defined for (DataError)."""
    least = METRICS[name].min_samples
    if num_samples < least:
        raise DataError(
            f"metric {name}: given {num_samples} samples; needed: at least {least} (data.num_probe)"
        )


def switches(config: MetricsConfig) -> dict[str, Any]:
    """The settings that metrics look at, by the names that their functions have for them."""
    return {
        "alpha": config.alpha,
        "normalisation": config.entropy_normalisation,
        "share": config.energy_share,
    }


def switched(metric: Metric, function: Callable[..., Any], settings: Mapping[str, Any]) -> Callable[..., Any]:
    """A function of a metric, with those of the settings that the metric looks at."""
    return partial(function, **{key: settings[key] for key in metric.switches if key in settings})


def resolve(location: str | None) -> Any:
    """The function at a dotted location of this table.

    Raises:
        ValueError: a metric lacks a function that its `needs` ask for: a mistake in its row.
    """
    if location is None:
        raise ValueError("a row of METRICS lacks one of `parts` and `resampled` that is used")
    module, name = location.rsplit(".", 1)
    return getattr(import_module(module), name)
