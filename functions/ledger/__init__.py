"""A ledger of each day: the runs that were sealed, chained by hashes."""
