"""The section of src.intervene steer in the report of an experiment, and its page."""

from src.report.vectors.section import plugin

PLUGIN = plugin("steer")
