"""How often the intervals of a report hold the truth, and how often a word is wrong: simulated."""
