"""Gates, the walk over variants, and what each variant says of each item."""
