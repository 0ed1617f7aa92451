"""Shapes that the metrics speak of; checked at run time in the tests."""

from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor

Pooled = Float[Tensor, "sample dim"]
OtherWidth = Float[Tensor, "sample other_dim"]
Tokens = Float[Tensor, "token dim"]
Gram = Float[Tensor, "sample sample"]
Spectrum = Float[Tensor, "value"]
PerSample = Float[Tensor, "sample"]
Scalar = Float[Tensor, ""]
Weights = Float[Tensor, "resample sample"]

Statistic = Callable[[Tensor], float]
"""The value of a metric on the samples whose indices are given."""
