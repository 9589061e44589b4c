"""Puts approved models into service, takes them back, and watches that what serves is what was approved."""
