"""Many runs: a sweep's file becomes run ids, jobs of a cluster or of this machine, and a state for each."""
