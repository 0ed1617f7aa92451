"""The version of run.json; a reader asks for it without loading torch."""

SCHEMA_VERSION = 1
