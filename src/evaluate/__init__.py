"""Scores by lm-eval: the data's own test rows, and any task that lm-eval knows."""
