"""Do observed profiles predict the causal one: many runs of many models, each model one witness."""
