"""Tables and figures from run folders; nothing here computes a number that is not in a record."""
