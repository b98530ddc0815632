"""Benchmarks: our speed against what one would use instead, at the same work in the same run."""
