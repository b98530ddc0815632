"""Recovery: a synthetic Hub with known truth goes through every step, and must come back."""
