"""Compares the variants of an endpoint while they serve, and ramps or stops them by policy."""
