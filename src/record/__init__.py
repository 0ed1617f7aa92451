"""What remains of a run: its identity, its folder, its record."""
