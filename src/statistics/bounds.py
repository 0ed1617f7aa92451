"""Ends of what a quantity can be. Imports nothing: the catalog of metrics is read before anything heavy."""

Bounds = tuple[float | None, float | None]
"""The least and the most; None where there is no such end."""
FREE: Bounds = (None, None)
SHARE: Bounds = (0.0, 1.0)
AMOUNT: Bounds = (0.0, None)
COSINE: Bounds = (-1.0, 1.0)
