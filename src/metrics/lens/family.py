"""Lens: what the output head would say of a layer."""

from src.metrics.metric import of_samples

_FAMILY, _NEEDS, _MODULE = "lens", "lens", "logit_lens"

METRICS = (
    of_samples(
        "lens_cross_entropy", _FAMILY, _NEEDS, "-log p of the next token, nats, final norm once", _MODULE
    ),
    of_samples("lens_entropy", _FAMILY, _NEEDS, "entropy of the next-token distribution, nats", _MODULE),
    of_samples("lens_agreement", _FAMILY, _NEEDS, "share whose likeliest token is the last layer's", _MODULE),
    of_samples("lens_gold_probability", _FAMILY, _NEEDS, "p of the first completion token", _MODULE),
    of_samples(
        "early_exit_accuracy", _FAMILY, _NEEDS, "next-token accuracy, completion tokens only", _MODULE
    ),
)
