"""How far, and along what, training moved the weights."""
