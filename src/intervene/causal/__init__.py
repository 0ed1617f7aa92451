"""The causal depth profile: how much of the gain of tuning each part of the depth carries."""
