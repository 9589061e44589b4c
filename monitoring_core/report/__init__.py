"""Evaluation to bytes: Amazon's files, embedded metrics, history, HTML and Markdown."""
