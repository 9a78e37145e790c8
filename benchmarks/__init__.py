"""What things cost. ``make bench`` runs every module here that has a ``benchmark()``.

Numbers of one machine say little about another; each benchmark therefore reports a ratio to the
least that would have to be done anyway, measured side by side in the same minute.
"""
