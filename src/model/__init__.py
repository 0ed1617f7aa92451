"""Models: found, loaded and taken apart into blocks."""
