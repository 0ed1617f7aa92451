"""The depth-profile study as tables and figures."""
