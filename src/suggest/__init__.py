"""From a probe profile to a band and a rank for every block: what a run can be told to train."""
