"""Tell people about an alarm or the end of a retraining in one readable message."""
