"""Draw predictions of a window that people are to be asked about."""
