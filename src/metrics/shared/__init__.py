"""Linear algebra that several metrics share."""
