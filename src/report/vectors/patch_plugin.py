"""The section of src.intervene patch in the report of an experiment, and its page."""

from src.report.vectors.section import plugin

PLUGIN = plugin("patch")
