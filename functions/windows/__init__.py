"""List the windows of a backfill, the oldest first."""
