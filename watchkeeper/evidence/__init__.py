"""Check what is stored against the ledgers that were written about it."""
