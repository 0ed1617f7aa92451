"""Does what is observed tell where the gain sits, over many models: sentences, a picture, tables."""
