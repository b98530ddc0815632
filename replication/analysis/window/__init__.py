"""The published window: first-year downloads rebuilt from public records, and what moves the answer."""
