"""Fold a pass on Spark: the engine for windows that outgrow one machine."""
