"""Probing: what every layer of the base and of the tuned model holds, and the table of metrics made of it."""
