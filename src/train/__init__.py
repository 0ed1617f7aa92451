"""The step loop, its optimizer, its log and its checkpoints."""
