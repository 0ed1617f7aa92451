"""The section of src.intervene patch in the report of an experiment, and its page."""

from src.report.plugins import Plugin
from src.report.vectors.section import page, section

PLUGIN = Plugin(depth=(section("patch"),), page=page("patch"))
