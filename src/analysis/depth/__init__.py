"""Where in depth fine-tuning acts, over many runs: models, objectives, controls, seeds."""
