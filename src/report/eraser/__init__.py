"""A soft trigger against an update: pictures, tables and sentences."""
