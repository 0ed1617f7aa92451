"""Strata: where in the depth of a language model fine-tuning acts."""

__version__ = "0.2.0"  # pyproject.toml, run.json, CITATION.cff and the tag take it from here
