"""Shapes and dtypes of the metric functions are checked at run time in these tests."""

import importlib
import pkgutil
import sys

import jaxtyping
import pytest
import torch

import src.metrics

SHAPED = [f"src.metrics.{module.name}" for module in pkgutil.iter_modules(src.metrics.__path__)]
SHAPED.remove("src.metrics.catalog")  # no tensors; a second Metric class would only confuse

with jaxtyping.install_import_hook(SHAPED, "beartype.beartype"):
    for name in SHAPED:
        # another test folder may have imported it without the checks
        importlib.reload(sys.modules[name]) if name in sys.modules else importlib.import_module(name)


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(20)


@pytest.fixture
def rotation(generator):
    """Makes a random orthogonal matrix."""

    def make(width):
        return torch.linalg.qr(torch.randn(width, width, generator=generator, dtype=torch.float64))[0]

    return make
