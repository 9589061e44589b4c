"""Review files of an endpoint, and what becomes of their answers."""
