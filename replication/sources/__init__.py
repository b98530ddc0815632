"""Sources: each turns "where" into counters (or a finished panel) and a manifest."""
