"""Publish a run's metrics and its event."""
