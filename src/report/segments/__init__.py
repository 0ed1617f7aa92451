"""Segments of the depth swapped and merged: pictures, tables and sentences."""
