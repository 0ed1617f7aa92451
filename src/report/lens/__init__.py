"""What the output heads of both models say of every layer: pictures, sentences, examples."""
