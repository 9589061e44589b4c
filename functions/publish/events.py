"""The event `Monitor Run Completed` on the default bus."""

from __future__ import annotations

from functions.common.clients import client
from functions.common.contract import EVENT_DETAIL_TYPE, EVENT_SOURCE, MonitorRunCompleted
from monitoring_core.errors import WatchkeeperError


class EventNotAcceptedError(WatchkeeperError):
    """EventBridge answered, but did not take the event."""


def put_event(detail: MonitorRunCompleted) -> None:
    """Put one event; its time is the window's end, so that the same run always gives the same event.

    Raises
    ------
    EventNotAcceptedError
        If EventBridge refuses it; the state machine tries again.
    """
    entry = {
        "Source": EVENT_SOURCE,
        "DetailType": EVENT_DETAIL_TYPE,
        "Time": detail.window.end,
        "Detail": detail.model_dump_json(),
    }
    answer = client("events").put_events(Entries=[entry])
    if answer["FailedEntryCount"]:
        refused = answer["Entries"][0]
        raise EventNotAcceptedError(
            f"EventBridge did not take the event of run {detail.run_id}: {refused.get('ErrorCode')}: "
            f"{refused.get('ErrorMessage')}; the run is complete, start it again to publish it"
        )
