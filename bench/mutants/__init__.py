"""Faults put into the code at random: how many of them the fast tests find (docs/MUTANTS.md)."""
