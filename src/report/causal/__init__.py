"""Where in the depth the gain of tuning sits: pictures, tables and sentences of a causal profile."""
