import math

import numpy as np
import pytest
import torch

from src.errors import ConfigError, DataError
from src.metrics.geometry.effective_rank import (
    effective_rank,
    effective_rank_paper,
)
from src.metrics.information.dataset_entropy import (
    dataset_entropy,
    dataset_entropy_paper,
)
from src.metrics.information.prompt_entropy import prompt_entropy, prompt_entropy_paper
from src.metrics.shared.rows import Rows

SHAPES = [(12, 30), (30, 12), (9, 9)]


def samples(generator, num_samples, width):
    """Correlated float32 rows far from the origin, as hidden states are."""
    mixing = torch.randn(width, width, generator=generator) * torch.logspace(0, -2, width)
    return torch.randn(num_samples, width, generator=generator) @ mixing + 2.0


def entropy(weights):
    shares = weights[weights > 0] / weights.sum()
    return -(shares * np.log(shares)).sum()


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def published(eigenvalues, num_rows, width):
    eigenvalues = np.maximum(eigenvalues, 1e-10)
    shares = eigenvalues / (eigenvalues.sum() + 1e-10)
    return -(shares * np.log(shares + 1e-10)).sum() / math.log(min(num_rows, width))


@pytest.mark.parametrize(("num_samples", "width"), SHAPES)
def test_effective_rank_from_the_definition(generator, num_samples, width):
    x = samples(generator, num_samples, width)
    raw = x.double().numpy()
    singular = np.linalg.svd(raw - raw.mean(0), compute_uv=False)
    assert effective_rank(x).item() == pytest.approx(math.exp(entropy(singular[: num_samples - 1])), rel=1e-6)


@pytest.mark.parametrize(("num_samples", "width"), SHAPES)
def test_effective_rank_paper_from_the_formula(generator, num_samples, width):
    x = samples(generator, num_samples, width)
    squares = np.linalg.svd(x.double().numpy(), compute_uv=False) ** 2
    p = squares / (squares + 1e-9).sum()
    expected = np.exp(-(p * np.log(p + 1e-9)).sum()) / min(num_samples, width)
    assert effective_rank_paper(x).item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("num_samples", "width"), SHAPES)
def test_dataset_entropy_from_the_definition(generator, num_samples, width):
    x = samples(generator, num_samples, width)
    raw = x.double().numpy()
    rows = unit(raw - raw.mean(0))
    eigenvalues = np.linalg.eigvalsh(rows @ rows.T / num_samples)
    assert dataset_entropy(x).item() == pytest.approx(entropy(eigenvalues), rel=1e-6)
    second = -math.log((eigenvalues**2).sum())
    assert dataset_entropy(x, alpha=2.0).item() == pytest.approx(second, rel=1e-6)


@pytest.mark.parametrize(("num_samples", "width"), SHAPES)
def test_dataset_entropy_paper_from_the_formula(generator, num_samples, width):
    x = samples(generator, num_samples, width)
    rows = unit(x.double().numpy())
    if num_samples > width:
        eigenvalues = np.linalg.svd(rows, compute_uv=False) ** 2
    else:
        ridge = rows @ rows.T / width + 1e-6 * np.eye(num_samples)
        eigenvalues = np.linalg.svd(ridge, compute_uv=False)
    expected = published(eigenvalues, num_samples, width)
    assert dataset_entropy_paper(x).item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("num_tokens", "width"), SHAPES)
def test_prompt_entropies_from_the_definition(generator, num_tokens, width):
    states = samples(generator, num_tokens, width)
    rows = unit(states.double().numpy())
    eigenvalues = np.linalg.eigvalsh(rows @ rows.T / num_tokens)
    assert prompt_entropy(states).item() == pytest.approx(entropy(eigenvalues), rel=1e-6)
    ridge = np.linalg.svd(rows @ rows.T / width + 1e-6 * np.eye(num_tokens), compute_uv=False)
    expected = published(ridge, num_tokens, width)
    assert prompt_entropy_paper(states).item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("offset", [0.0, 100.0, 1e4])
@pytest.mark.parametrize("metric", [prompt_entropy, prompt_entropy_paper])
def test_float32_states_keep_the_entropy_of_tokens_that_point_one_way(metric, offset, generator):
    states = samples(generator, 40, 30) + offset
    states[0, 3] = 1e5  # a massive activation
    for some in (states, states[1:], states * torch.logspace(-9, 9, 40)[:, None]):
        assert metric(some).item() == pytest.approx(metric(some.double()).item(), rel=1e-4)


def test_entropy_of_bfloat16_states(generator):
    states = samples(generator, 12, 30).bfloat16()
    assert prompt_entropy(states).item() == pytest.approx(prompt_entropy(states.double()).item(), rel=1e-6)


def test_a_token_of_zeros_counts_as_nothing(generator):
    states = samples(generator, 6, 5)
    with_zeros = torch.cat([states, torch.zeros(1, 5)])
    assert prompt_entropy(with_zeros).item() == pytest.approx(prompt_entropy(states).item(), rel=1e-5)


def test_published_normalisations(generator):
    x = samples(generator, 12, 30)
    log_n, log_d = math.log(12), math.log(30)
    divisors = {"maxEntropy": log_n, "logN": log_n, "logD": log_d, "logNlogD": log_n * log_d, "raw": 1.0}
    for metric in (dataset_entropy_paper, prompt_entropy_paper):
        raw = metric(x).item() * log_n
        for name, divisor in divisors.items():
            assert metric(x, normalisation=name).item() == pytest.approx(raw / divisor, rel=1e-9)
        with pytest.raises(ConfigError) as error:
            metric(x, normalisation="logK")
        expected = "normalisation: given 'logK'; accepted: maxEntropy, logN, logD, logNlogD, raw"
        assert str(error.value) == expected


def test_known_spectra(rotation):
    orthonormal = rotation(8)
    assert prompt_entropy(orthonormal).item() == pytest.approx(math.log(8), rel=1e-12)
    assert dataset_entropy(orthonormal).item() == pytest.approx(math.log(7), rel=1e-12)  # the centre is one
    assert effective_rank(orthonormal).item() == pytest.approx(7.0, rel=1e-12)
    assert effective_rank_paper(orthonormal).item() == pytest.approx(1.0, rel=1e-6)
    both_sides = torch.cat([torch.eye(5), -torch.eye(5)])
    assert effective_rank(both_sides).item() == pytest.approx(5.0, rel=1e-12)
    assert dataset_entropy(both_sides).item() == pytest.approx(math.log(5), rel=1e-12)
    line = torch.arange(6.0)[:, None] * torch.tensor([[1.0, 2.0, -1.0]])
    assert effective_rank(line).item() == pytest.approx(1.0, rel=1e-6)
    assert dataset_entropy(line).item() == pytest.approx(0.0, abs=1e-6)
    assert prompt_entropy(line[1:]).item() == pytest.approx(0.0, abs=1e-6)
    for alpha in (0.5, 1.0, 2.0, 5.0):
        assert dataset_entropy(orthonormal, alpha=alpha).item() == pytest.approx(math.log(7), rel=1e-9)


ALL = [effective_rank, effective_rank_paper, dataset_entropy, dataset_entropy_paper, prompt_entropy]


@pytest.mark.parametrize("metric", [*ALL, prompt_entropy_paper])
def test_rotation_and_order_do_not_matter(metric, generator, rotation):
    x = samples(generator, 15, 11).double()
    expected = metric(x).item()
    assert metric(x @ rotation(11)).item() == pytest.approx(expected, rel=1e-9)
    assert metric(x[torch.randperm(15, generator=generator)]).item() == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("metric", [effective_rank, dataset_entropy])
def test_shift_and_scale_do_not_matter_to_the_centred(metric, generator):
    x = samples(generator, 15, 11).double()
    assert metric(0.01 * x + 100).item() == pytest.approx(metric(x).item(), rel=1e-6)


def test_the_mean_vector_swamps_the_published_formulas(generator):
    x = samples(generator, 20, 10)
    far = x + 1000.0
    assert effective_rank_paper(far).item() < 0.11
    assert dataset_entropy_paper(far).item() < 0.01
    assert effective_rank(far).item() == pytest.approx(effective_rank(x).item(), rel=1e-3)


@pytest.mark.parametrize("metric", [effective_rank, dataset_entropy])
@pytest.mark.parametrize("value", [0.0, 0.1, 1e4])
def test_equal_samples_have_no_centred_spectrum(metric, value):
    assert metric(torch.full((7, 5), value)).isnan()


@pytest.mark.parametrize("metric", [effective_rank, dataset_entropy])
@pytest.mark.parametrize("num_samples", [9, 11, 15])
def test_equal_kept_samples_have_no_centred_spectrum(metric, num_samples, generator):
    x = 10 * torch.randn(64, generator=generator).repeat(num_samples, 1)
    x[:2] = torch.randn(2, 64, generator=generator)
    statistic = metric.statistic(Rows(x))
    assert math.isfinite(statistic(torch.arange(num_samples)))
    assert math.isnan(statistic(torch.arange(2, num_samples)))


def test_a_sample_at_the_mean_counts_as_nothing(generator):
    x = torch.randn(6, 5, generator=generator, dtype=torch.float64)
    x = x - x.mean(dim=0)
    with_mean = torch.cat([x, torch.zeros(1, 5, dtype=torch.float64)])
    assert dataset_entropy(with_mean).item() == pytest.approx(dataset_entropy(x).item(), rel=1e-9)


@pytest.mark.parametrize("metric", [effective_rank, dataset_entropy])
def test_too_few_samples(metric):
    with pytest.raises(DataError, match=f"metric {metric.__name__}: given 1 samples; needed: at least 2"):
        metric(torch.ones(1, 4))


@pytest.mark.parametrize("metric", [prompt_entropy, prompt_entropy_paper])
def test_a_prompt_of_one_token_is_refused(metric):
    expected = f"metric {metric.__name__}: given a prompt of 1 tokens; needed: at least 2 tokens"
    with pytest.raises(DataError) as error:
        metric(torch.ones(1, 4))
    assert str(error.value) == expected


def test_states_of_zero_have_no_prompt_entropy():
    assert prompt_entropy(torch.zeros(3, 4)).isnan()


@pytest.mark.parametrize(
    "metric", [effective_rank, effective_rank_paper, dataset_entropy, dataset_entropy_paper]
)
@pytest.mark.parametrize("width", [5, 40])
def test_statistic_of_kept_samples_is_the_metric_of_those_rows(metric, width, generator):
    x = samples(generator, 16, width)
    kept = torch.tensor([0, 1, 4, 5, 9, 10, 12, 15])
    assert metric.statistic(Rows(x))(kept) == pytest.approx(metric(x[kept]).item(), rel=1e-6)
