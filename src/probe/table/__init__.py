"""The layer table: a row for each metric, stage and layer."""
