"""The shape of a layer's representations."""
