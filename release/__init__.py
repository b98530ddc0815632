"""What a release is made of and tried by: distributions, an archive, other surroundings, a rehearsal.

It is no part of the installed package, and no stage reads it.
"""
