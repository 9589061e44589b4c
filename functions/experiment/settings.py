"""Settings of experiment."""

from __future__ import annotations

from functions.common.settings import Settings


class ExperimentSettings(Settings):
    """See docs/functions.md."""

    topic_arn: str
    runbook_url: str
