"""A/B tests and shadow variants: compare variants of a model while they run, with verdicts that hold at every look."""
