"""Jobs of this machine, and what every job does."""
