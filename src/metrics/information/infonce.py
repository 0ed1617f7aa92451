"""How well a layer recognises a sample in another view of it."""

import math

from jaxtyping import Float
from torch import Tensor

from src.errors import DataError
from src.metrics.shared.gram import kept_part
from src.metrics.shared.shapes import Gram, Scalar
from src.metrics.shared.together import together

Views = Float[Tensor, "sample view dim"]
TEMPERATURE = 0.1


def check_views(name: str, views: Views) -> None:
    """Refuse a single view (DataError)."""
    if views.shape[1] < 2:
        raise DataError(f"metric {name}: given {views.shape[1]} views; needed: at least 2 views")


def _logits(views: Views) -> tuple[Gram]:
    check_views("infonce", views)
    pair = views[:, :2].double()
    unit = pair / pair.norm(dim=2, keepdim=True)
    return (unit[:, 0] @ unit[:, 1].T / TEMPERATURE,)


@together(_logits)
def infonce(logits: Gram, kept: Tensor) -> Scalar:
    """Lower bound of the mutual information of two views: log N - InfoNCE loss, symmetric.

    The loss is the mean cross entropy of finding sample n of one view among the N of the other by cosine /
    0.1, both ways. At most log N, below 0 if views mislead, nats; the bound grows with N. Invariant under
    rotation of both views together, positive scaling of single vectors and the order of samples; not under
    a shift. NaN where a vector is zero. DataError below 2 samples or 2 views; of more views, the first two
    count. Source: van den Oord et al. 2018 (published code: one direction only).
    """
    logits = kept_part(logits, kept)
    others = (logits.logsumexp(dim=0) + logits.logsumexp(dim=1)).mean() / 2
    return math.log(len(logits)) - others + logits.diagonal().mean()
