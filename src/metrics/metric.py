"""What the catalog says of a metric. Imports no torch."""

from dataclasses import dataclass

from src.statistics.bounds import FREE, Bounds


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric."""

    name: str
    family: str
    """information, geometry, shift, optimization or lens."""
    needs: str
    """What it is made of.

    pooled (a vector a sample), next (pooled, of a layer and the one behind it), tokens (token states of a
    sample), pair (pooled, two models), views (pooled vectors of augmented texts); weights or matrices of a
    block, before and after training; row_gradients, mean_gradients (of rows, summed), update_gradients,
    step_gradients, tensor_gradients (of steps, tensor by tensor), objectives (gradients of two of them);
    lens (what the output head says of the layers), lens_pair (of two models), lens_choices (their likeliest
    tokens), lens_exits (through a map to the last layer) or lens_text (of whole texts, as published). What
    each hands to the functions of its metrics is said where it is collected: `src.probe.collectors`.
    """
    unit: str
    """As an axis shows it; empty: a pure number."""
    min_samples: int
    """Fewest samples for which the number is defined."""
    function: str
    """Dotted location of the public function, whose docstring is the entry of the reference.

    Of one whose interval is a jackknife or of groups it is `together` (shared/together.py).
    """
    parts: str | None = None
    """Dotted location of the function that tells what one weight tensor adds to the sums of its block."""
    per_sample: bool = False
    """`function` answers for each sample: the metric is the mean."""
    interval: str | None = None
    """mean (s / sqrt(n)), bootstrap, jackknife or groups; None: the number is not made of samples."""
    group_rows: int = 0
    """Fewest samples that say the same of a group as of all of them; a jackknife where groups have fewer."""
    bounds: Bounds = FREE
    """Ends of its range that no data move; its interval stays within them."""
    resampled: str | None = None
    """Dotted location of the function that turns the same samples into a statistic of their weights."""
    unlike: bool = False
    """A pair metric that only compares which samples are alike: widths and tokenizers may differ."""
    distinct: bool = False
    """Samples that coincide are merged first, so that `n` counts different ones."""
    first_only: bool = False
    """A lens metric of the first completion token of a row, however many positions are read."""
    summed: bool = False
    """A lens metric whose row is the sum over its completion tokens, all of them."""
    extra: bool = False
    """Measured only where it is named: no family brings it, so that runs of a family keep their ids."""
    switches: tuple[str, ...] = ()
    """Arguments of `function` that the configuration of metrics sets."""
    change: str = "distance"
    """What a row of the stage change tells of the amount of change; other stages do not read it.

    distance (0 is no change), similarity (1 is no change), or none (it is not an amount).
    """


def of_rows(
    name: str,
    min_samples: int,
    *,
    family: str,
    needs: str,
    unit: str,
    module: str = "",
    interval: str = "jackknife",
    change: str = "distance",
    unlike: bool = False,
    switches: tuple[str, ...] = (),
    bounds: Bounds = FREE,
) -> Metric:
    """A metric of all samples together; its interval is a jackknife or, where that is cheap, a bootstrap.

    Its module, `name` if none is given, has the function `name` and, for a bootstrap, `name_resampled`.
    """
    location = f"src.metrics.{family}.{module or name}.{name}"
    return Metric(
        name=name,
        family=family,
        needs=needs,
        unit=unit,
        min_samples=min_samples,
        function=location,
        interval=interval,
        resampled=f"{location}_resampled" if interval == "bootstrap" else None,
        change=change,
        unlike=unlike,
        switches=switches,
        bounds=bounds,
    )


def of_samples(
    name: str,
    *,
    family: str,
    needs: str,
    unit: str,
    module: str = "",
    change: str = "distance",
    switches: tuple[str, ...] = (),
    bounds: Bounds = FREE,
) -> Metric:
    """A metric that every sample has by itself; its interval is that of a mean."""
    return Metric(
        name=name,
        family=family,
        needs=needs,
        unit=unit,
        min_samples=1,
        function=f"src.metrics.{family}.{module or name}.{name}",
        per_sample=True,
        interval="mean",
        change=change,
        switches=switches,
        bounds=bounds,
    )
