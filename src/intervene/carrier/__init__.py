"""A sparse carrier of an update (LCDD): which rows and columns of it are enough, fitted as masks."""
