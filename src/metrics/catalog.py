"""The table of metrics: what each one is, what it needs and where its function lives.

Imports no torch, so that a wrong name is refused before anything heavy is loaded.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from src.config.rules import refuse
from src.errors import DataError


@dataclass(frozen=True)
class Metric:
    """One metric. Exactly one of `per_sample` and `statistic` is set, except for weights (neither)."""

    name: str
    family: str
    """information, geometry, shift or weights."""
    needs: str
    """pooled (a vector a sample), tokens (token states of a sample), pair (pooled, two models), weights."""
    estimator: str
    """One line for a reader of the table."""
    published: bool
    """Follows a published formula as it was coded, for comparison with published numbers."""
    min_samples: int
    """Fewest samples for which the number is defined."""
    function: str
    """Dotted location of the public function."""
    per_sample: bool = False
    """`function` answers for each sample: the metric is the mean, with the plain standard error."""
    statistic: str | None = None
    """Dotted location of the function that turns the same tensors into a statistic of kept rows."""


def _of_rows(
    name: str, family: str, needs: str, estimator: str, min_samples: int, module: str = ""
) -> Metric:
    """A metric of all samples together; its error comes from the delete-block jackknife."""
    location = f"src.metrics.{module or name}.{name}"
    return Metric(
        name=name,
        family=family,
        needs=needs,
        estimator=estimator,
        published=name in _PUBLISHED,
        min_samples=min_samples,
        function=location,
        statistic=f"{location}_statistic",
    )


def _of_samples(name: str, family: str, needs: str, estimator: str, module: str = "") -> Metric:
    """A metric that every sample has by itself."""
    return Metric(
        name=name,
        family=family,
        needs=needs,
        estimator=estimator,
        published=name in _PUBLISHED,
        min_samples=1,
        function=f"src.metrics.{module or name}.{name}",
        per_sample=True,
    )


_PUBLISHED = ("cka_biased", "effective_rank_paper", "dataset_entropy_paper", "prompt_entropy_paper")

_ROWS = (
    _of_rows("cka_debiased", "geometry", "pair", "linear CKA, unbiased HSIC, not clamped", 4, "cka"),
    _of_rows("cka_biased", "geometry", "pair", "linear CKA, biased HSIC, as published", 2, "cka"),
    _of_samples("cosine_similarity", "shift", "pair", "mean over samples of cos(base, tuned)"),
    _of_rows("mean_shift", "shift", "pair", "L2 norm of the difference of means", 1),
    _of_rows("effective_rank", "geometry", "pooled", "exp entropy of s/sum(s), centred", 2),
    _of_rows(
        "effective_rank_paper",
        "geometry",
        "pooled",
        "s^2 form, uncentred, over min(N, D)",
        1,
        "effective_rank",
    ),
    _of_rows("dataset_entropy", "information", "pooled", "von Neumann entropy, nats, centred, unit rows", 2),
    _of_rows(
        "dataset_entropy_paper",
        "information",
        "pooled",
        "uncentred, ridge 1e-6, over log min(N, D)",
        1,
        "dataset_entropy",
    ),
    _of_samples(
        "prompt_entropy", "information", "tokens", "von Neumann entropy of a prompt, nats, unit rows"
    ),
    _of_samples(
        "prompt_entropy_paper",
        "information",
        "tokens",
        "ridge 1e-6, over log min(T, D), no pads",
        "prompt_entropy",
    ),
    Metric(
        name="weight_change",
        family="weights",
        needs="weights",
        estimator="Frobenius norm of the update over that of the base weights",
        published=False,
        min_samples=0,
        function="src.probe.weight_change.weight_change",
    ),
)

METRICS: dict[str, Metric] = {metric.name: metric for metric in _ROWS}


def check_names(names: Sequence[str]) -> None:
    """Refuse a metric nobody knows, or one named twice (ConfigError)."""
    for index, name in enumerate(names):
        if name not in METRICS:
            refuse("metrics.names", name, ", ".join(METRICS))
        if name in names[:index]:
            refuse("metrics.names", list(names), f"each metric once; {name} is named twice")


def names_needing(names: Sequence[str], *needs: str) -> list[str]:
    """Those of `names` whose `needs` is one of the given, in the given order."""
    return [name for name in names if METRICS[name].needs in needs]


def check_samples(name: str, num_samples: int) -> None:
    """Refuse fewer samples than a metric is defined for (DataError)."""
    least = METRICS[name].min_samples
    if num_samples < least:
        raise DataError(
            f"metric {name}: given {num_samples} samples; needed: at least {least} (data.num_probe)"
        )


def resolve(location: str) -> Callable[..., Any]:
    """The function at a dotted location of this table."""
    module, name = location.rsplit(".", 1)
    return getattr(import_module(module), name)
