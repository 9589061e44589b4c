"""Finished statistics to numbers: formulas only."""
