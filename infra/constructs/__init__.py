"""Constructs, one file per capability."""
