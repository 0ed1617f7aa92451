"""What the output head says of every layer of both models: curves, emergence, examples, decisions."""
