import pytest
import torch

import src.metrics.shared.rows
from src.metrics.geometry.effective_rank import effective_rank
from src.metrics.geometry.participation_ratio import participation_ratio
from src.metrics.shared.rows import Kind, Rows
from src.metrics.uncertainty.jackknife import jackknife_stderr


def prepared(x, kind):
    x = x.double()
    if kind in (Kind.CENTRED, Kind.CENTRED_UNIT):
        x = x - x.mean(dim=0)
    return x / x.norm(dim=1, keepdim=True) if kind in (Kind.UNIT, Kind.CENTRED_UNIT) else x


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize(("num_samples", "width"), [(14, 40), (40, 14), (14, 12)])
def test_spectrum_is_the_squared_singular_values(kind, num_samples, width, generator):
    """14 samples of 12 numbers: all of them are taken apart by columns, the 10 kept ones by rows."""
    x = torch.randn(num_samples, width, generator=generator) + 1.0
    rows = Rows(x)
    for kept in (None, torch.arange(1, 11)):
        part = x if kept is None else x[kept]
        expected = torch.linalg.svdvals(prepared(part, kind)).square().flip(0)
        torch.testing.assert_close(rows.spectrum(kind, kept), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("kind", [Kind.CENTRED, Kind.CENTRED_UNIT])
@pytest.mark.parametrize("num_samples", [4, 9])
def test_equal_rows_have_no_centred_spectrum(kind, num_samples):
    assert not Rows(torch.full((num_samples, 6), 0.1)).spectrum(kind).any()


@pytest.mark.parametrize("num_samples", [3, 9])
def test_rows_of_zeros_stay_zeros(num_samples):
    assert not Rows(torch.zeros(num_samples, 6)).spectrum(Kind.UNIT).any()


def test_metrics_of_one_kind_share_every_decomposition(monkeypatch, generator):
    calls = []
    whole = src.metrics.shared.rows.spectrum
    monkeypatch.setattr(src.metrics.shared.rows, "spectrum", lambda matrix: calls.append(1) or whole(matrix))
    rows = Rows(torch.randn(40, 60, generator=generator))
    for metric in (effective_rank, participation_ratio):
        metric.statistic(rows)(torch.arange(40))
        jackknife_stderr(metric.statistic(rows), 40, 2)
    assert len(calls) == 21


def ascending_distances(x):
    return (
        torch.cdist(x.double(), x.double(), compute_mode="donot_use_mm_for_euclid_dist")
        .sort(dim=1)
        .values[:, 1:11]
    )


@pytest.mark.parametrize("num_samples", [13, 47, 600])
def test_nearest_distances(num_samples, generator):
    """Of all samples, without a block of the jackknife, and with most left out."""
    x = torch.randn(num_samples, 5, generator=generator) + 3.0
    rows = Rows(x)
    block = num_samples // 20
    without_block = torch.cat([torch.arange(4), torch.arange(4 + block, num_samples)])
    for kept in (torch.arange(num_samples), without_block, torch.tensor([0, 2, 3, 5, 8, 12])):
        torch.testing.assert_close(rows.nearest(kept), ascending_distances(x[kept]), rtol=1e-9, atol=1e-9)
    assert rows.nearest() is rows.nearest(torch.arange(num_samples))


def test_samples_given_twice_are_at_distance_zero(generator):
    x = 1000 + torch.randn(6, 8, generator=generator)
    assert not Rows(torch.cat([x, x])).nearest()[:, 0].any()
