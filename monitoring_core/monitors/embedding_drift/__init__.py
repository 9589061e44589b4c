"""Embedding drift."""

from monitoring_core.monitors.embedding_drift.analysis import make_files, monitor_of
from monitoring_core.monitors.embedding_drift.monitor import EmbeddingDrift
from monitoring_core.monitors.embedding_drift.state import EmbeddingState, VectorState

__all__ = ["EmbeddingDrift", "EmbeddingState", "VectorState", "make_files", "monitor_of"]
