"""The largest eigenvalues and their vectors are those of the whole decomposition, whichever way they are found."""

import numpy
import pytest
import torch

from src.metrics.shared import leading_eigenvectors as module
from src.metrics.shared.leading_eigenvectors import FEW, SMALL, leading_eigenvectors

SIZE = 400
SPECTRA = {
    "falling": numpy.exp(-numpy.arange(SIZE) / 20),
    "flat": numpy.linspace(1, 2, SIZE),
    "eight copies of the largest": numpy.r_[[5.0] * 8, numpy.linspace(1, 0, SIZE - 8)],
    "two copies, far above": numpy.r_[[9.0, 9.0], numpy.linspace(1, 0.5, SIZE - 2)],
    "of low rank": numpy.r_[numpy.linspace(3, 1, 12), numpy.zeros(SIZE - 12)],
}


def symmetric(values, seed=0):
    basis = numpy.linalg.qr(numpy.random.default_rng(seed).standard_normal((len(values),) * 2))[0]
    made = (basis * values) @ basis.T
    return torch.from_numpy((made + made.T) / 2)


@pytest.mark.parametrize("name", SPECTRA)
@pytest.mark.parametrize("count", [1, 10])
def test_values_and_subspace_are_those_of_the_whole(name, count):
    matrix = symmetric(SPECTRA[name])
    values, vectors = leading_eigenvectors(matrix, count)
    whole, directions = torch.linalg.eigh(matrix)
    assert values.tolist() == pytest.approx(whole[-count:].tolist(), abs=1e-9)
    assert (matrix @ vectors - vectors * values).norm() < 1e-8
    assert (vectors.T @ vectors - torch.eye(count)).norm() < 1e-9
    if whole[-count] - whole[-count - 1] > 1e-3:
        wanted = directions[:, -count:]
        assert (vectors - wanted @ (wanted.T @ vectors)).norm() < 1e-7


def test_a_random_gram_matrix_too():
    rows = torch.from_numpy(numpy.random.default_rng(3).standard_normal((SIZE, 900)))
    matrix = rows @ rows.T
    values, _ = leading_eigenvectors(matrix, 10)
    assert values.tolist() == pytest.approx(torch.linalg.eigvalsh(matrix)[-10:].tolist(), rel=1e-10)


def test_twice_gives_the_same_bits():
    matrix = symmetric(SPECTRA["falling"])
    one, other = (leading_eigenvectors(matrix, 10) for _ in range(2))
    assert torch.equal(one[0], other[0]) and torch.equal(one[1], other[1])


@pytest.mark.parametrize("values", [numpy.zeros(SIZE), numpy.ones(SIZE)], ids=["zeros", "all alike"])
def test_where_there_is_no_direction_there_are_values(values):
    found, vectors = leading_eigenvectors(symmetric(values), 10)
    assert found.tolist() == pytest.approx(values[:10].tolist(), abs=1e-12)
    assert torch.isfinite(vectors).all()


def test_what_was_missed_is_found_by_the_whole(monkeypatch):
    """As if the method had taken the second largest for the largest."""
    matrix = symmetric(SPECTRA["falling"])
    whole, directions = numpy.linalg.eigh(matrix.numpy())
    real = module.eigsh

    def missing(given, count, **options):
        if options.get("return_eigenvectors") is False:
            return real(given, count, **options)
        return whole[-count - 1 : -1], directions[:, -count - 1 : -1]

    monkeypatch.setattr(module, "eigsh", missing)
    values, _ = leading_eigenvectors(matrix, 10)
    assert values.tolist() == pytest.approx(whole[-10:].tolist())
    assert FEW * 10 <= SIZE > SMALL
