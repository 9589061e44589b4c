"""Custom resource that makes a monitor's baseline at deploy."""
