"""Tables and figures from an analysis; nothing here computes a number."""
