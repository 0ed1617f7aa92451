"""Shapes and dtypes of the metric functions are checked at run time in these tests."""

import importlib
import pkgutil
import sys

import jaxtyping
import pytest
import torch

import src.metrics

WITHOUT_TENSORS = ("__main__", "catalog", "family", "metric", "reference")
NAMES = [
    module.name for module in pkgutil.walk_packages(src.metrics.__path__, "src.metrics.") if not module.ispkg
]
SHAPED = [name for name in NAMES if name.rpartition(".")[2] not in WITHOUT_TENSORS]

with jaxtyping.install_import_hook(SHAPED, "beartype.beartype"):
    # Another test folder may have imported some without the checks. A class must stay the one others hold.
    unchecked = (set(SHAPED) & set(sys.modules)) - {"src.metrics.shared.rows"}
    for name in SHAPED:
        importlib.reload(sys.modules[name]) if name in unchecked else importlib.import_module(name)


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(20)


@pytest.fixture
def rotation(generator):
    """Makes a random orthogonal matrix."""

    def make(width):
        return torch.linalg.qr(torch.randn(width, width, generator=generator, dtype=torch.float64))[0]

    return make
