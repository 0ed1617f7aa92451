"""Ratios of two ways to do the same work, measured in one process."""
