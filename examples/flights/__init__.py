"""A worked example on real data: whether a flight out of New York will arrive more than 15 minutes late."""
