"""What is watched: one protocol, and one module per kind."""
