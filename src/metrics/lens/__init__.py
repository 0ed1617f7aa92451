"""What the output head would say of a layer."""
