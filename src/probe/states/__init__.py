"""Hidden states of every layer, reduced inside the forward pass."""
