"""Report: the claims ledger, the numbers of the text, tables, and rendering."""
