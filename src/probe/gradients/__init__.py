"""Gradients: while training goes on, and at the base and the tuned weights."""
