"""Information: how much a layer tells rows or tokens apart."""

from functools import partial

from src.metrics.metric import of_rows, of_samples
from src.statistics.bounds import AMOUNT

_tokens = partial(of_samples, family="information", needs="tokens")
_pooled = partial(of_rows, family="information", needs="pooled")
_views = partial(of_rows, family="information", needs="views")
_ORDER, _PUBLISHED = ("alpha",), ("alpha", "normalisation")

METRICS = (
    _tokens("prompt_entropy", unit="nats", switches=_ORDER, bounds=AMOUNT),
    _pooled("dataset_entropy", 2, unit="nats", switches=_ORDER, bounds=AMOUNT),
    _tokens("prompt_entropy_paper", unit="", module="prompt_entropy", switches=_PUBLISHED, bounds=AMOUNT),
    _pooled(
        "dataset_entropy_paper", 1, unit="", module="dataset_entropy", switches=_PUBLISHED, bounds=AMOUNT
    ),
    _views("infonce", 2, unit="nats"),
    _views("lidar", 2, unit="directions", bounds=AMOUNT),
    _views("dime", 2, unit="nats"),
)
