"""What the weights alone tell of training."""
