"""Vectors in place of weights: what tuning adds to the states of a block, put into the base."""
