"""What is known of a number beside its value: errors and intervals."""
