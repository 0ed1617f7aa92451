"""The rows of the metric catalog, one file a family; none of them imports torch."""
