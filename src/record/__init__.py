"""What remains of a run: its identity, its folder, its record, and the mirror in W&B."""
