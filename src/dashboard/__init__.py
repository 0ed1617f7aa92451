"""The comparison of an experiment as a workspace of W&B."""
