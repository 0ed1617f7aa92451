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


def _defines_a_class(name):
    module = sys.modules[name]
    return any(isinstance(value, type) and value.__module__ == name for value in vars(module).values())


with jaxtyping.install_import_hook(SHAPED, "beartype.beartype"):
    # Other tests may have imported some without the checks. A class must stay the one that others hold.
    for name in SHAPED:
        if name not in sys.modules:
            importlib.import_module(name)
        elif not _defines_a_class(name):
            importlib.reload(sys.modules[name])


@pytest.fixture
def of_kept():
    """From what takes the multiplicities of samples to a function of those that count once, all others never."""

    def make(resampled, num_samples):
        empty = torch.zeros(1, num_samples, dtype=torch.float64)
        return lambda kept: resampled(empty.index_fill(1, kept, 1.0)).item()

    return make


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(20)


@pytest.fixture
def rotation(generator):
    """Makes a random orthogonal matrix."""

    def make(width):
        return torch.linalg.qr(torch.randn(width, width, generator=generator, dtype=torch.float64))[0]

    return make
