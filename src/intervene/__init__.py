"""What parts of a tuning update do: one model whose blocks run with any share of the update."""
