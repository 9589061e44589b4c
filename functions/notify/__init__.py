"""Tell people about an alarm in one readable message."""
