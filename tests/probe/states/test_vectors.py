"""Vectors in a file are the vectors, and cost no memory."""

import numpy
import pytest
import torch

from src.errors import StorageError
from src.probe.states.layer_statistics import LayerViews
from src.probe.states.vectors import LayerVectors


@pytest.fixture
def filled(tmp_path):
    values = torch.randn(3, 10, 4, generator=torch.Generator().manual_seed(0))
    vectors = LayerVectors.create(tmp_path / "a.npy", 3, 10, 4)
    for first, last in ((0, 4), (4, 9), (9, 10)):  # batches, layer by layer, as a forward pass brings them
        for layer in range(3):
            vectors.write(layer, range(first, last), values[layer, first:last])
    return vectors, values


def test_written_in_batches_and_read_by_layer(filled):
    vectors, values = filled
    assert len(vectors) == 3
    assert torch.equal(torch.stack(list(vectors)), values)
    assert torch.equal(torch.stack(list(LayerVectors.open(vectors.path))), values)
    with pytest.raises(IndexError):
        vectors[3]


def test_samples_come_in_any_order(tmp_path):
    vectors, values = LayerVectors.create(tmp_path / "a.npy", 2, 3, 4), torch.rand(2, 3, 4)
    for layer in range(2):
        vectors.write(layer, [2, 0], values[layer, [2, 0]])
        vectors.write(layer, [1], values[layer, [1]])
    assert torch.equal(torch.stack(list(vectors)), values)


def test_the_file_is_plain_numpy(filled):
    vectors, values = filled
    assert numpy.array_equal(numpy.load(vectors.path, allow_pickle=False), values.numpy())


def test_other_dtypes_are_stored_as_float32(tmp_path):
    vectors = LayerVectors.create(tmp_path / "a.npy", 1, 2, 3)
    vectors.write(0, range(2), torch.ones(2, 3, dtype=torch.bfloat16))
    assert vectors[0].dtype == torch.float32
    assert torch.equal(vectors[0], torch.ones(2, 3))


def test_views_are_cut_row_by_row(filled):
    vectors, values = filled
    views = LayerViews(vectors, num_rows=5)
    assert views.shape == (3, 5, 2, 4)
    assert torch.equal(views[1][3, 0], values[1, 6])
    assert torch.equal(views[1][3, 1], values[1, 7])


@pytest.mark.parametrize("content", [b"", b"not numpy", None])
def test_damaged_files_are_named(tmp_path, content):
    path = tmp_path / "a.npy"
    if content is None:
        numpy.save(path, numpy.zeros((2, 3)))
    else:
        path.write_bytes(content)
    with pytest.raises(StorageError, match=r"a.npy: cannot be read as layer vectors"):
        LayerVectors.open(path)
