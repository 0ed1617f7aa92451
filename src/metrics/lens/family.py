"""Lens: what the output head would say of a layer."""

import math
from dataclasses import replace
from functools import partial

from src.metrics.metric import Metric, of_samples
from src.statistics.bounds import AMOUNT, COSINE, SHARE, Bounds

_lens = partial(of_samples, family="lens", needs="lens", module="logit_lens")

_pair = partial(of_samples, family="lens", needs="lens_pair", module="two_models")


def _extra(metric: Metric, first_only: bool = False, summed: bool = False) -> Metric:
    return replace(metric, extra=True, first_only=first_only, summed=summed)


def _of_choices(name: str, needs: str, module: str, change: str, bounds: Bounds) -> Metric:
    """A metric of what both models, or one, choose on all rows together; its interval is a jackknife."""
    location = f"src.metrics.lens.{module}.{name}"
    return Metric(
        name=name, family="lens", needs=needs, unit="", min_samples=1, function=location,
        interval="jackknife", change=change, extra=True, bounds=bounds,
    )  # fmt: skip


METRICS = (
    _lens("lens_cross_entropy", unit="nats", bounds=AMOUNT),
    _lens("lens_entropy", unit="nats", bounds=AMOUNT),
    _lens("lens_agreement", unit="", bounds=SHARE),
    replace(_lens("lens_gold_probability", unit="", bounds=SHARE), first_only=True),
    _lens("early_exit_accuracy", unit="", bounds=SHARE),
    _extra(_lens("lens_answer_logp", unit="nats", bounds=(None, 0.0)), summed=True),
    _extra(_lens("lens_emerged", unit="", module="emergence", bounds=SHARE), first_only=True),
    _extra(_pair("lens_pair_agreement", unit="", change="similarity", bounds=SHARE)),
    _of_choices("lens_pair_kappa", "lens_choices", "two_models", "similarity", COSINE),
    _extra(_pair("lens_pair_top5", unit="", change="similarity", bounds=SHARE)),
    _extra(_pair("lens_pair_js", unit="nats", bounds=(0.0, math.log(2)))),
    _extra(_pair("lens_answer_logp_change", unit="nats", change="none"), summed=True),
    _extra(_pair("lens_gold_probability_change", unit="", change="none", bounds=COSINE), first_only=True),
    _extra(_lens("ridge_exit_accuracy", unit="", needs="lens_exits", module="ridge_exit", bounds=SHARE)),
    _extra(
        _lens("ridge_exit_cross_entropy", unit="nats", needs="lens_exits", module="ridge_exit", bounds=AMOUNT)
    ),
    _of_choices("lens_pair_agreement_paper", "lens_text", "published", "similarity", SHARE),
    _of_choices("early_exit_accuracy_paper", "lens_text", "published", "none", SHARE),
)
