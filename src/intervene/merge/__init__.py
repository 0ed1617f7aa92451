"""Base and tuned weights mixed by a share that differs along the depth."""
