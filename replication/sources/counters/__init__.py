"""The cumulative counters of a released file: its contract, how it is read, and how it is mended."""
