"""Where a monitor runs: how its schedule and its machines are declared."""
