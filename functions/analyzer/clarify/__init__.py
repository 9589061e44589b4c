"""Clarify's contract: ``analysis_config.json`` in, ``analysis.json`` and ``constraint_violations.json`` out."""
