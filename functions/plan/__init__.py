"""Resolve windows, group the runs that read the same data into passes, choose each pass's engine."""
