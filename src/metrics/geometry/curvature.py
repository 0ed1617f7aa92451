"""How sharply a prompt's states turn from token to token. Angles are over pi: 0 is straight on, 1 is back."""

import torch
from torch import Tensor

from src.errors import DataError
from src.metrics.shared.shapes import Scalar, Tokens

PUBLISHED_CLAMP = 0.999


def curvature(states: Tokens) -> Scalar:
    """Mean over t of the angle between h_(t+1) - h_t and h_(t+2) - h_(t+1), over pi.

    `states` holds the T real tokens in their order, no padding. Range 0 (a straight line) to 1 (back and
    forth), no unit; 1/2 for steps at right angles, 2/3 for independent states. Invariant under rotation,
    shift and isotropic scaling. A step of length 0 has no angle and is left out; NaN where no angle is
    left. DataError below 3 tokens. Source: Hénaff et al. 2019; Hosseini and Fedorenko 2023.
    """
    return _mean_angle(_cosines(_steps("curvature", states)).clamp(-1, 1))


def curvature_paper(states: Tokens) -> Scalar:
    """`curvature` with every cosine clamped to +-0.999, as published, but without padding.

    Range 0.014 to 0.986, no unit: a straight line has 0.014. A step of length 0 has cosine 0, as in the
    published code, and so the angle 1/2. DataError below 3 tokens. Invariant like `curvature`. Source: Zhao
    et al. 2026 (arXiv 2604.11838, as coded).
    """
    cosines = _cosines(_steps("curvature_paper", states)).nan_to_num(0.0)
    return _mean_angle(cosines.clamp(-PUBLISHED_CLAMP, PUBLISHED_CLAMP))


def curvature_states(states: Tokens) -> Scalar:
    """Mean over t of the angle between the states h_t and h_(t+1) themselves, over pi.

    Range 0 to 1, no unit. Invariant under rotation and positive scaling of single tokens; not under a shift,
    and so small where all states share a long mean vector. A state of zeros has no angle and is left out;
    NaN where no angle is left. DataError below 2 tokens. Source: as coded for Skean et al. 2025, where the
    states stand any distance apart.
    """
    _check_tokens("curvature_states", states, 2)
    return _mean_angle(_cosines(states.double()).clamp(-1, 1))


def _steps(name: str, states: Tokens) -> Tensor:
    _check_tokens(name, states, 3)
    return states.double().diff(dim=0)


def _cosines(vectors: Tokens) -> Tensor:
    """Cosine of every vector with the next one; NaN where one is zero."""
    unit = vectors / vectors.norm(dim=1, keepdim=True)
    return (unit[:-1] * unit[1:]).sum(dim=1)


def _mean_angle(cosines: Tensor) -> Scalar:
    return (cosines.arccos() / torch.pi).nanmean()


def _check_tokens(name: str, states: Tokens, least: int) -> None:
    if len(states) < least:
        given = f"given a prompt of {len(states)} tokens"
        raise DataError(f"metric {name}: {given}; needed: at least {least} tokens")
