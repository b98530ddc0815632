"""Analysis: shares of downloads with intervals, bounds and the developers that move them."""
