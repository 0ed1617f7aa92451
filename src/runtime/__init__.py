"""The process: its seeds, its device, the signals it hears, who started it, and weights that lie on many."""
