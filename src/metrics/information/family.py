"""Information: how much a layer tells rows or tokens apart."""

from src.metrics.metric import of_rows, of_samples

_FAMILY = "information"
_ORDER, _PUBLISHED = ("alpha",), ("alpha", "normalisation")

METRICS = (
    of_rows("dataset_entropy", _FAMILY, "pooled", "entropy, nats, centred, unit rows", 2, switches=_ORDER),
    of_rows(
        "dataset_entropy_paper",
        _FAMILY,
        "pooled",
        "uncentred, ridge 1e-6, over log min(N, D)",
        1,
        "dataset_entropy",
        published=True,
        switches=_PUBLISHED,
    ),
    of_samples("prompt_entropy", _FAMILY, "tokens", "entropy of a prompt, nats, unit rows", switches=_ORDER),
    of_samples(
        "prompt_entropy_paper",
        _FAMILY,
        "tokens",
        "ridge 1e-6, over log min(T, D), no pads",
        "prompt_entropy",
        published=True,
        switches=_PUBLISHED,
    ),
    of_rows("infonce", _FAMILY, "views", "log N - symmetric InfoNCE loss, temperature 0.1, nats", 2),
    of_rows("lidar", _FAMILY, "views", "exp entropy of S_b whitened by S_w + 1e-4 I", 2),
    of_rows("dime", _FAMILY, "views", "entropy of permuted minus joint Gram, 10 permutations, nats", 2),
)
