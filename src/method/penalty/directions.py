"""The directions of a weight matrix that a penalty looks at; singular ones are found once, by content."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from src.metrics.shared.leading_subspaces import Sum, leading_subspaces
from src.runtime.seeding import generator
from src.storage.cache import cached_folder, code_fingerprint

_FILE = "directions.safetensors"


@dataclass(frozen=True)
class Directions:
    """Orthonormal columns: `left` [row, k] of the outputs, `right` [column, k] of the inputs, float32."""

    left: Tensor
    right: Tensor
    squares: Tensor
    """Squared singular values [k] that belong to them; of random directions ||W v||^2."""


def singular_directions(weight: Tensor, count: int, last: bool, cache: Path) -> Directions:
    """The first or the last `count` singular directions of a matrix.

    Args:
        weight: [row, column].
        count: k, at most the smaller side.
        last: those of the smallest singular values.
        cache: folder of the cache, where what was found for the same numbers lies.
    """
    plain = weight.detach().cpu().contiguous()
    content = hashlib.sha256(plain.view(torch.uint8).numpy().data).hexdigest()
    code = code_fingerprint("metrics/shared", "method/penalty")
    key = [content, str(plain.dtype), list(plain.shape), count, last, code]
    folder = cached_folder(
        cache, "directions", key, lambda aside: save_file(_found(weight, count, last), aside / _FILE)
    )
    found = load_file(folder / _FILE)
    return Directions(**{name: value.to(weight.device) for name, value in found.items()})


def random_directions(weight: Tensor, count: int, seed: int, name: str) -> Directions:
    """Any `count` orthonormal directions on either side, uniform; others for each seed and name."""
    draw = generator(seed, "penalty", name)
    left, right = (
        torch.linalg.qr(torch.randn(side, count, generator=draw, dtype=torch.float64)).Q.float()
        for side in weight.shape
    )
    return _told(weight, left.to(weight.device), right.to(weight.device))


def _found(weight: Tensor, count: int, last: bool) -> dict[str, Tensor]:
    whole = weight.detach().double()
    sides = leading_subspaces(Sum(whole), min(weight.shape) if last else count)
    left, right = (side[:, -count:] for side in sides)
    signs = 1 - 2.0 * (((whole @ right) * left).sum(0) < 0)  # those of the two sides belong together
    return vars(_told(weight, (left * signs).float().contiguous(), right.float().contiguous()))


def _told(weight: Tensor, left: Tensor, right: Tensor) -> Directions:
    return Directions(left, right, (weight.detach().float() @ right).square().sum(0))
