"""The statements of `sql/` on whole arrays: the same numbers on one machine in a fraction of the time.

A window function of SQL sorts all rows. Here the extracts stand in the order of their ids, so that a range
of ids can be read of every extract and laid out as one column a repository and one row a reading: what was
read before and after is then the cell beside. No step compares repositories of two ranges, so that time
grows in proportion to the rows, and memory with none but the repositories.

The SQL says what the numbers mean; the tests compare every table of the two.
"""
