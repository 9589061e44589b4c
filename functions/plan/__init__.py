"""Resolve a run's window, count its capture objects, choose the engine."""
