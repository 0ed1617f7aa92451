"""How many directions tell samples apart beyond what their views differ in."""

import torch
from torch import Tensor

from src.metrics.information.infonce import Views, check_views
from src.metrics.shared.entropy import spectral_entropy
from src.metrics.shared.gram import ROUNDING, spectrum
from src.metrics.shared.shapes import Pooled, Scalar
from src.metrics.shared.together import together

DELTA = 1e-4


class _Scatter:
    """Sums over all samples, from which left-out samples are subtracted."""

    def __init__(self, views: Views) -> None:
        check_views("lidar", views)
        views = views.double()
        self.means: Pooled = views.mean(dim=1)
        self.means = self.means - self.means.mean(dim=0)
        self.deviations = views - views.mean(dim=1, keepdim=True)
        self.within = _products(self.deviations)

    def between(self, kept: Tensor) -> Pooled:
        """Centred means of the kept samples; all zero where only rounding tells them apart."""
        given = self.means[kept]
        rows = given - given.mean(dim=0)
        return rows if rows.square().sum() > ROUNDING * given.square().sum() else torch.zeros_like(rows)


@together(lambda views: (_Scatter(views),))
def lidar(scatter: _Scatter, kept: Tensor) -> Scalar:
    """Exponential of the entropy of the eigenvalues of S_w^(-1/2) S_b S_w^(-1/2), in directions.

    S_b is the covariance of the samples' means over their views, S_w that of the views around these means
    (over N K vectors) plus 1e-4 I. Range 1 to min(N - 1, D), a number of directions; it grows with N.
    Invariant under rotation, shift and the order of samples and views; under scaling up to the 1e-4. NaN
    where the means do not vary. DataError below 2 samples or 2 views. Source: Thilak et al. 2023 (without
    the constant they add to every share).
    """
    left = torch.ones(len(scatter.means), dtype=torch.bool)
    left[kept] = False
    within = scatter.within - _products(scatter.deviations[left])
    within = within / (len(kept) * scatter.deviations.shape[1])
    within.diagonal().add_(DELTA)
    # With S_b = B^T B and S_w = LL^T, the wanted spectrum is that of Y^T Y and YY^T, Y = L^-1 B^T.
    factor = torch.linalg.cholesky(within)
    whitened = torch.linalg.solve_triangular(factor, scatter.between(kept).T, upper=False)
    small = whitened.T @ whitened if len(kept) <= len(factor) else whitened @ whitened.T
    return spectral_entropy(spectrum(small), alpha=1.0).exp()


def _products(deviations: Views) -> Tensor:
    rows = deviations.flatten(0, 1)
    return rows.T @ rows
