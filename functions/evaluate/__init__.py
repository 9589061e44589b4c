"""Analyse one window of captured data and write its report."""
