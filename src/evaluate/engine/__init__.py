"""How answers are generated: an engine each, and all answer alike where answers are greedy."""
