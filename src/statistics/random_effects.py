"""One claim over several models: a mean effect, and how much models differ in it."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy
from statsmodels.stats.meta_analysis import combine_effects

from src.statistics.estimate import Estimate
from src.statistics.student import t_reach

MIN_MODELS = 3


class Summary(NamedTuple):
    """A random-effects summary."""

    value: float
    low: float
    high: float
    tau2: float
    """Variance of the true effect between models."""
    num_models: int


def summarise_models(effects: Sequence[Estimate]) -> Summary | None:
    """DerSimonian-Laird's mean of one effect over models, Hartung-Knapp's interval; None below 3 models.

    The t distribution has one degree of freedom less than there are models: with few models the interval is
    long, because how much models differ is hardly known. Models that agree better than their errors allow do
    not make it shorter than those errors do. Sources: DerSimonian and Laird (1986); Knapp and Hartung (2003).
    """
    known = [one for one in effects if math.isfinite(one.stderr) and one.stderr > 0]
    if len(known) < MIN_MODELS:
        return None
    values = numpy.array([one.value for one in known])
    variances = numpy.array([one.stderr**2 for one in known])
    with numpy.errstate(invalid="ignore", divide="ignore"):  # it does not cut a negative tau2 off
        found = combine_effects(values, variances, method_re="dl", use_t=True)
    differ = found.tau2 > 0
    mean = float(found.mean_effect_re if differ else found.mean_effect_fe)
    scaled = found.sd_eff_w_re_hksj if differ else found.sd_eff_w_fe_hksj
    plain = found.sd_eff_w_re if differ else found.sd_eff_w_fe
    reach = float(t_reach(max(scaled, plain), len(known) - 1))
    return Summary(mean, mean - reach, mean + reach, max(float(found.tau2), 0.0), len(known))
