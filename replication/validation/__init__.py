"""Checks that no run of `make all` needs: coverage, second implementations, recovery, kills, synthetic Hubs."""
