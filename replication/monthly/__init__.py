"""The month-by-month record: readings of the Hub come in one by one, and each closes a window.

A folder keeps every reading that came in (`readings`). After each the shares of the twelve months that
end with it are computed from all readings up to then, by the functions of the package (`window`), and
what moved since the reading before is taken apart (`changes`) and written down (`renewal`). What is
written depends on the readings alone, not on the order in which they came; only what a change of
definitions, registry or code did (`editions`) depends on what was there when it was made.
"""
