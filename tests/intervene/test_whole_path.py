"""More points are taken where the shares of the path do not add up, and no more than that."""

import numpy
import pytest

from src.intervene.causal import whole_path as module
from src.intervene.causal.whole_path import whole_path


@pytest.mark.parametrize(
    ("sums", "asked", "residual"),
    [
        ({8: 1.009}, [8], 0.009),
        ({8: 0.985, 16: 1.002}, [8, 16], 0.002),
        ({8: 1.2, 16: 0.9, 32: 0.995}, [8, 16, 32], -0.005),
        ({8: 2.0, 16: 2.0, 32: 2.0}, [8, 16, 32], 1.0),  # and then it is said
    ],
)
def test_points_are_doubled_until_the_shares_add_up(monkeypatch, tmp_path, sums, asked, residual):
    seen, told = [], []

    def shares(_replay, _items, folder, _key, nodes, done):
        seen.append((nodes, folder.name))
        done()
        return {"share": numpy.full((4, 2), 3 * sums[nodes] / 2)}  # of two parts, and a gain of 3

    monkeypatch.setattr(module, "path_gradients", shares)
    path, found = whole_path(None, None, tmp_path, "key", 3.0, lambda: told.append(1))
    assert [nodes for nodes, _ in seen] == asked
    assert len({name for _, name in seen}) == len(seen)
    assert found == pytest.approx(residual)
    assert path["share"].sum(axis=1).mean() == pytest.approx(3 * sums[asked[-1]])
    assert len(told) == 1
