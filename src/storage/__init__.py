"""Files: written whole or not at all, checked by content, kept by key, held by one owner at a time."""
