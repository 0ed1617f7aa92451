"""What a run will need, before anyone queues it."""
