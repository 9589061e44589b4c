"""Decide on retraining and start the pipeline once per incident."""
