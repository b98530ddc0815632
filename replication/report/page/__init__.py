"""The page: one self-contained HTML file on which a reader changes the choices.

Python brings the data and sets them into the file; the script of the file does the arithmetic, in whole
half downloads as `replication.inference.cells` does it, and draws.
"""
