"""The causal profile in the report of an experiment."""

from src.report.causal.page import write_page
from src.report.causal.section import SECTION
from src.report.plugins import Plugin

PLUGIN = Plugin(depth=(SECTION,), page=write_page)
