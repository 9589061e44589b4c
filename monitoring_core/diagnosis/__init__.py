"""Diagnosis: what a drift most likely is, told from the statistics of the baseline and of a window."""
