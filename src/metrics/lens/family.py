"""Lens: what the output head would say of a layer."""

from dataclasses import replace
from functools import partial

from src.metrics.metric import of_samples

_lens = partial(of_samples, family="lens", needs="lens", module="logit_lens")

METRICS = (
    _lens("lens_cross_entropy", unit="nats"),
    _lens("lens_entropy", unit="nats"),
    _lens("lens_agreement", unit=""),
    replace(_lens("lens_gold_probability", unit=""), first_only=True),
    _lens("early_exit_accuracy", unit=""),
)
