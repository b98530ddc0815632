"""The terminal: what is read from the command line, and what is shown."""
