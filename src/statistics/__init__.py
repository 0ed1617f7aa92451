"""Intervals and tests over seeds and items: pure functions of arrays, and nothing of this project's files."""
