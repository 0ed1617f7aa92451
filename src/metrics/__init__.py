"""Metrics: pure functions on tensors, and `catalog`, the table of what there is."""
