"""Miniatures of published checkpoints, and the English that they learn once."""
