"""What vectors bring in place of weights: pictures, tables and sentences of patching and of steering."""
