"""Questions to the account about what a configuration relies on; nothing is changed."""
