"""What is trainable: bands of depth, ranks, adapters, and the proof that they are where they should be."""
