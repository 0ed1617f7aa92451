"""The mirror of a run in W&B: the files are the truth."""
