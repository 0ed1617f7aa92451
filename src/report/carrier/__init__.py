"""The sparse carrier of an update: pictures, tables and sentences."""
