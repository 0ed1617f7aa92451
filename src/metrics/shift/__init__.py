"""How far training moved the representations."""
