"""First-year downloads of the whole Hub, rebuilt from weekly snapshots of it."""
