"""A synthetic Hub with known truth: for tests, benchmarks and calibration, never for a finding."""
