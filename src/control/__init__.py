"""What happens to an update after the optimizer made it."""
