"""One run: what it is made of, and its stages."""
