"""What Amazon's analyzers found, read from their files into our evaluation: the verdict is theirs."""

from monitoring_core.model_monitor.kinds import AmazonReport, read_evaluation

__all__ = ["AmazonReport", "read_evaluation"]
