"""Two checkpoints side by side, without training."""
