"""Strata: where in the depth of a language model fine-tuning acts."""
