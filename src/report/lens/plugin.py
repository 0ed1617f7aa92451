"""The section of src.intervene lens in the report of an experiment, and its page."""

from src.report.lens.section import SECTION, write_page
from src.report.plugins import Plugin

PLUGIN = Plugin(depth=(SECTION,), page=write_page)
