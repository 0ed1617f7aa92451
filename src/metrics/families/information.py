"""Information: how much a layer tells rows or tokens apart."""

from src.metrics.metric import of_rows, of_samples

_FAMILY = "information"

METRICS = (
    of_rows("dataset_entropy", _FAMILY, "pooled", "von Neumann entropy, nats, centred, unit rows", 2),
    of_rows(
        "dataset_entropy_paper",
        _FAMILY,
        "pooled",
        "uncentred, ridge 1e-6, over log min(N, D)",
        1,
        "dataset_entropy",
        published=True,
    ),
    of_samples("prompt_entropy", _FAMILY, "tokens", "von Neumann entropy of a prompt, nats, unit rows"),
    of_samples(
        "prompt_entropy_paper",
        _FAMILY,
        "tokens",
        "ridge 1e-6, over log min(T, D), no pads",
        "prompt_entropy",
        published=True,
    ),
    of_rows("infonce", _FAMILY, "views", "log N - symmetric InfoNCE loss, temperature 0.1, nats", 2),
    of_rows("lidar", _FAMILY, "views", "exp entropy of S_b whitened by S_w + 1e-4 I", 2),
    of_rows("dime", _FAMILY, "views", "entropy of permuted minus joint Gram, 10 permutations, nats", 2),
)
