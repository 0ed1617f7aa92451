"""A band, its ranks or its adapter in the form that other trainers and tools read."""
