"""Facts about Amazon's own analyzers."""
