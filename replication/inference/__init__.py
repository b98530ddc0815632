"""The engine of inference, which knows no country: cells, resampling, statistics and intervals."""
