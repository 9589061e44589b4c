"""Where states are folded: in this process, or in parts that are merged."""
