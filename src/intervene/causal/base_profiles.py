"""What a base model tells of each of its blocks before anything is tuned, as others choose layers by it."""

import math
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy
import torch
from numpy import ndarray
from torch import Tensor, nn

from src.intervene.engine.gates import BASE
from src.intervene.engine.items import Items
from src.intervene.engine.replay import Passing, Replay
from src.metrics.catalog import METRICS
from src.metrics.shared.factors import singular_values
from src.metrics.shift.cka import cka_debiased
from src.probe.states.pooling import masked_mean
from src.train.sharding import whole_block

QUARTILES_APART = 1.349
"""Of a normal distribution, in standard deviations."""


def base_profiles(replay: Replay, items: Items) -> dict[str, ndarray]:
    """Four profiles [block] of the base model alone, from its weights and one pass over the items.

    - 1 - debiased CKA of what enters and what leaves the block, each item the mean over its tokens
      (arXiv 2602.05988; as likeness of neighbours, 2506.00382).
    - ||what the block adds|| / ||what it gets||, mean over tokens (ours; the projected residual norm of
      2602.04019 is a normalised gradient norm, which a base model's states do not tell).
    - log10 of largest over smallest singular value, mean over the block's matrices (KappaTune).
    - `signal_to_noise`, mean over them (2406.06623).

    How papers put the matrices of a block together is not known: the mean is ours.
    """
    with replay.running(), replay.gates.whole(dict.fromkeys(replay.gates.parts, BASE)):
        pooled, added = _of_states(replay, items)
        spectra = [_spectra(block) for block in replay.blocks]
    enough = len(pooled[0]) >= METRICS["cka_debiased"].min_samples
    apart = [1 - cka_debiased(*both).item() if enough else math.nan for both in pairwise(pooled)]
    conditions = [[(found[0] / found[-1]).log10().item() for found, _ in block] for block in spectra]
    signals = [[signal_to_noise(*one) for one in block] for block in spectra]
    return {
        "base: 1 - cka of a block's ends": numpy.array(apart),
        "base: norm that a block adds": added,
        "base: condition number of weights": _means(conditions),
        "base: signal to noise of weights": _means(signals),
    }


def spectra_seconds(replay: Replay) -> float:
    """About what the singular values of all blocks take, by those of the smallest matrix.

    Of a matrix m x n, n <= m: the Gram matrix and its eigenvalues take about n^2 (m + n) steps.
    """
    steps = [[_spectrum_steps(one) for one in _matrices(block)] for block in replay.blocks]
    if not any(steps):
        return 0.0
    least = min(one for block in steps for one in block)
    block = next(block for block, mine in zip(replay.blocks, steps, strict=True) if least in mine)
    with whole_block(block):
        smallest = next(one for one in _matrices(block) if _spectrum_steps(one) == least)
        singular_values(smallest)  # the first one is slower
        start = time.perf_counter()
        singular_values(smallest)
        return (time.perf_counter() - start) * sum(map(sum, steps)) / least


def _spectrum_steps(matrix: Tensor) -> int:
    return min(matrix.shape) ** 2 * sum(matrix.shape)


def _spectra(block: nn.Module) -> list[tuple[Tensor, Sequence[int]]]:
    """Singular values and shape of each of its matrices."""
    with whole_block(block):
        return [(singular_values(one), one.shape) for one in _matrices(block)]


def signal_to_noise(values: Tensor, shape: Sequence[int]) -> float:
    """Sum of the singular values above the edge of noise over that of the others, over the largest.

    The edge is s (1 + sqrt(b)), s the quartiles' distance of the values / 1.349 and b the shorter side over
    the longer: Marchenko and Pastur's law, as Spectrum's code has it (arXiv 2406.06623). Infinite without
    noise.

    Args:
        values: singular values, descending.
        shape: of the matrix.
    """
    low, high = values.quantile(torch.tensor([0.25, 0.75], dtype=values.dtype, device=values.device))
    edge = (high - low) / QUARTILES_APART * (1 + math.sqrt(min(shape) / max(shape)))
    above = values > edge
    return float(values[above].sum() / values[~above].sum() / values[0])


def _of_states(replay: Replay, items: Items) -> tuple[list[Tensor], ndarray]:
    """Pooled states [item, width] of every layer, and the mean over tokens of ||added|| / ||got|| [block]."""
    pooled: list[list[Tensor]] = [[] for _ in range(len(replay.blocks) + 1)]
    added, count = numpy.zeros(len(replay.blocks)), 0
    for batch in items.batches:
        mask = batch.inputs["attention_mask"].bool()
        passing = replay.part(replay.gates.parts[0], Passing(batch.inputs))
        mask = mask.to(passing.states.device)
        pooled[0].append(masked_mean(passing.states, mask))
        for block in range(len(replay.blocks)):
            before, passing = passing.states, replay.part(block, passing)
            norms = [one[mask].float().norm(dim=-1) for one in (passing.states - before, before)]
            added[block] += float((norms[0] / norms[1]).sum())
            pooled[block + 1].append(masked_mean(passing.states, mask))
        count += int(mask.sum())
    return [torch.cat(one) for one in pooled], added / count


def _matrices(block: nn.Module) -> Iterator[Tensor]:
    """Weight matrices of the block; those of an adapter are no part of the base."""
    for name, weight in block.named_parameters():
        if weight.ndim == 2 and min(weight.shape) > 1 and ".lora_" not in name:
            yield weight.detach()


def _means(found: Sequence[Sequence[float]]) -> ndarray:
    return numpy.array([numpy.mean(block) if block else math.nan for block in found])
