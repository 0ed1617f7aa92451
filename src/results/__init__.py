"""What is committed of a study, whether a fresh one agrees with it, and what it cost."""
