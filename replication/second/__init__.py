"""A second implementation of the headline estimates, in SQL, that shares no code with the first."""
