"""What holds an update back: terms that are added to the loss."""
