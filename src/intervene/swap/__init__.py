"""Segments of the depth exchanged between base and tuned model."""
