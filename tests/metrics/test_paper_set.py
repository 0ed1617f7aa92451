"""The set `paper` on one pooled and one token tensor, against a straight transcription of papers.md 1.3."""

import math

import numpy as np
import pytest
import torch

from src.metrics.catalog import METRICS, resolve

OF_WEIGHTS = "weight_change"  # formula 5 of the appendix: no function of representations
NUM_TOKEN_SAMPLES, NUM_TOKENS = 6, 17
SHAPES = [(40, 64), (64, 40)]


def alpha_entropy(eigenvalues, num_rows, width):
    eigenvalues = np.maximum(eigenvalues, 1e-10)
    p = eigenvalues / (eigenvalues.sum() + 1e-10)
    return -(p * np.log(p + 1e-10)).sum() / math.log(min(num_rows, width))


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def prompt_entropy_paper(tokens):
    found = []
    for h in map(unit, tokens):
        gram = h @ h.T / h.shape[1] + 1e-6 * np.eye(len(h))
        found.append(alpha_entropy(np.linalg.svd(gram, compute_uv=False), *h.shape))
    return np.mean(found)


def dataset_entropy_paper(x):
    rows, (n, d) = unit(x), x.shape
    if n > d:
        return alpha_entropy(np.linalg.svd(rows, compute_uv=False) ** 2, n, d)
    return alpha_entropy(np.linalg.svd(rows @ rows.T / d + 1e-6 * np.eye(n), compute_uv=False), n, d)


def curvature_paper(tokens):
    steps = np.diff(tokens, axis=1)
    one, other = steps[:, :-1], steps[:, 1:]
    cosines = (one * other).sum(-1) / np.linalg.norm(one, axis=-1) / np.linalg.norm(other, axis=-1)
    return np.arccos(np.clip(cosines, -0.999, 0.999)).mean() / np.pi


def effective_rank_paper(x):
    s = np.linalg.svd(x, compute_uv=False)
    p = s**2 / (s**2 + 1e-9).sum()
    return np.exp(-(p * np.log(p + 1e-9)).sum()) / min(x.shape)


def condition_number(x):
    s = np.linalg.svd(x, compute_uv=False)
    return s[0] / (s[-1] + 1e-9)


def rank_deficiency(x):
    s = np.linalg.svd(x, compute_uv=False)
    return 1 - (s > 0.01 * s[0]).sum() / min(x.shape)


def sparsity_paper(tokens):
    """The maximum of each row of its own, not of the batch, as our docstring says."""
    return np.mean([(np.abs(h) < 0.01 * np.abs(h).max()).mean() for h in tokens])


def cka_biased(x, y):
    centring = np.eye(len(x)) - 1 / len(x)
    gram, other = (centring @ one @ one.T @ centring for one in (x, y))
    return (gram * other).sum() / (np.sqrt((gram**2).sum() * (other**2).sum()) + 1e-9)


def cosine_similarity(x, y):
    return np.mean([a @ b / np.linalg.norm(a) / np.linalg.norm(b) for a, b in zip(x, y, strict=True)])


PUBLISHED = {
    "prompt_entropy_paper": prompt_entropy_paper,
    "dataset_entropy_paper": dataset_entropy_paper,
    "curvature_paper": curvature_paper,
    "effective_rank_paper": effective_rank_paper,
    "l2_norm": lambda x: np.linalg.norm(x, axis=1).mean(),
    "spectral_norm": lambda x: np.linalg.norm(x, 2),
    "condition_number": condition_number,
    "rank_deficiency": rank_deficiency,
    "sparsity_paper": sparsity_paper,
    "cka_biased": cka_biased,
    "cosine_similarity": cosine_similarity,
    "mean_shift": lambda x, y: np.linalg.norm(y.mean(0) - x.mean(0)),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_set_is_the_published_formulas(shape, generator, make_config):
    names = make_config("metrics=paper").metrics.names
    assert set(names) - {OF_WEIGHTS} == PUBLISHED.keys()
    scales = torch.logspace(1, -2, shape[1])
    base = torch.randn(shape, generator=generator) * scales + 1.0
    tuned = base + 0.3 * torch.randn(shape, generator=generator) * scales
    tokens = torch.randn(NUM_TOKEN_SAMPLES, NUM_TOKENS, shape[1], generator=generator) * scales
    for name, formula in PUBLISHED.items():
        metric, function = METRICS[name], resolve(METRICS[name].function)
        given = {"tokens": [tokens], "pooled": [base], "pair": [base, tuned]}[metric.needs]
        expected = formula(*(one.numpy().astype(np.float64) for one in given))
        if metric.needs == "tokens":
            value = torch.stack([function(one) for one in tokens]).double().mean()
        else:
            value = function(*given).double().mean()
        assert value.item() == pytest.approx(expected, rel=1e-4), name
