from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.common.message import Message
from functions.notify.handler import handler
from monitoring_core.errors import ConfigError

BUCKET = "watch-bucket"
RAISED = datetime(2013, 4, 1, 13, 11, 40, tzinfo=UTC)
Build = Callable[..., Any]


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch, notify_settings: None) -> None:  # noqa: ARG001 - a fixture
    monkeypatch.setenv("RETRAINING", "automatic")


def test_a_person_can_read_what_happened(alarm_change: Build, put_manifest: Build, inbox: Any, context: Any) -> None:
    put_manifest(datetime(2013, 4, 1, 12, tzinfo=UTC), violations=9)
    cause = {"kind": "pipeline-bug", "sentence": "temp is 10 times what it was"}
    report = put_manifest(datetime(2013, 4, 1, 13, tzinfo=UTC), diagnosis=cause)
    report = report.replace("manifest.json", "report.html")
    put_manifest(datetime(2013, 4, 1, 14, tzinfo=UTC), violations=7)  # a later run is not behind this alarm
    handler(alarm_change(at=RAISED), context)
    [(subject, text)] = inbox.messages()
    assert subject == "ALARM flights-prod data-quality: 2 violations, worst temp 0.91 (limit 0.65)"
    for expected in (
        "flights-prod data-quality: 2 violations, worst temp 0.91 (limit 0.65).",
        "Since:    2013-04-01 13:11:40 UTC",
        "Alarm:    flights-prod-data-quality-violations",
        "Window:   2013-04-01 12:00 to 2013-04-01 13:00 UTC",
        "Rows:     913 analysed, 0 unreadable, 2 violations",
        "  - temp: 0.91 against a limit of 0.65 (baseline_drift_check)",
        f"Report:   {report}",
        "Likely:   temp is 10 times what it was",
        "Done:     Retraining is being decided; a second message says what was done.",
        "What to do: https://example.com/runbook.md#violations",
    ):
        assert expected in text.splitlines()


def test_the_worst_metric_of_a_model_is_named_with_its_segment(
    alarm_change: Build, put_manifest: Build, inbox: Any, context: Any
) -> None:
    whole = {
        "feature": "",
        "check": "LessThanThreshold",
        "value": 0.61,
        "limit": 0.66,
        "description": "",
        "metric": "auc",
    }
    put_manifest(datetime(2013, 4, 1, 13, tzinfo=UTC), worst=(whole, whole | {"segment": "origin=EWR"}))
    handler(alarm_change(at=RAISED), context)
    [(subject, text)] = inbox.messages()
    assert subject == "ALARM flights-prod data-quality: 2 violations, worst auc 0.61 (limit 0.66)"
    assert "  - auc of origin=EWR: 0.61 against a limit of 0.66 (LessThanThreshold)" in text.splitlines()


@pytest.mark.parametrize("kind", ["violations", "heartbeat", "failed", "quarantined"])
def test_every_alarm_says_how_much_since_when_the_likely_cause_what_was_done_and_where_to_look(
    alarm_change: Build, put_manifest: Build, inbox: Any, context: Any, kind: str
) -> None:
    put_manifest(datetime(2013, 4, 1, 13, tzinfo=UTC))
    handler(alarm_change(at=RAISED, alarm=f"flights-prod-data-quality-{kind}"), context)
    [(_, text)] = inbox.messages()
    begun = {line.partition(":")[0] for line in text.splitlines()}
    assert {"Since", "Because", "Rows", "Likely", "Done", "Report", "What to do"} <= begun


@pytest.mark.parametrize(
    ("alarm", "kind", "audience", "severity"),
    [
        ("violations", "data-quality", ["engineering", "data-science"], "warning"),
        ("violations", "model-bias", ["data-science", "legal"], "warning"),
        ("failed", "model-bias", ["engineering"], "critical"),
    ],
)
def test_a_message_says_whom_it_is_for_and_how_much_it_weighs(
    alarm_change: Build,
    inbox: Any,
    context: Any,
    monkeypatch: pytest.MonkeyPatch,
    alarm: str,
    kind: str,
    audience: list[str],
    severity: str,
) -> None:
    monkeypatch.setenv("MONITORS", json.dumps({"flights-prod-data-quality": kind}))
    name = f"flights-prod-data-quality-{alarm}"
    handler(alarm_change(at=RAISED, alarm=name), context)
    handler(alarm_change("OK", at=RAISED + timedelta(days=1), before="ALARM", before_at=RAISED, alarm=name), context)
    for attributes, state in zip(inbox.attributes(), ("raised", "over"), strict=True):
        assert json.loads(attributes.pop("audience")) == audience
        assert attributes == {"endpoint": "flights-prod", "severity": severity, "thread": name, "state": state}


def test_a_duplicate_event_sends_nothing(alarm_change: Build, inbox: Any, context: Any) -> None:
    for _ in range(3):
        handler(alarm_change(at=RAISED), context)
    handler(alarm_change(at=RAISED + timedelta(hours=5)), context)
    assert len(inbox.messages()) == 2


def test_leaving_alarm_is_told_with_how_long_it_lasted(alarm_change: Build, inbox: Any, context: Any) -> None:
    handler(alarm_change("OK", at=RAISED + timedelta(days=1), before="ALARM", before_at=RAISED), context)
    [(subject, text)] = inbox.messages()
    assert subject == "OK flights-prod data-quality: violations alarm is back to OK"
    assert "Before:   ALARM since 2013-04-01 13:11:40 UTC" in text
    assert "Last run: none found" in text


def test_a_first_datapoint_is_no_news(alarm_change: Build, inbox: Any, context: Any) -> None:
    handler(alarm_change("OK", at=RAISED, before="INSUFFICIENT_DATA"), context)
    assert inbox.messages() == []


def test_a_failed_run_is_told_with_its_reason(
    alarm_change: Build, put_manifest: Build, inbox: Any, context: Any
) -> None:
    reason = "BaselineError: no baseline"
    put_manifest(datetime(2013, 4, 1, 13, tzinfo=UTC), status="Failed", reason=reason, rows=None, worst=(), report=None)
    handler(alarm_change(at=RAISED, alarm="flights-prod-data-quality-failed"), context)
    [(subject, text)] = inbox.messages()
    assert subject == "ALARM flights-prod data-quality: a run ended in an error"
    assert "Reason:   BaselineError: no baseline" in text
    assert "The execution waits in the dead-letter queue, too" in text
    assert text.rstrip().endswith("https://example.com/runbook.md#failed")


def test_unreadable_records_are_told_with_their_number(
    alarm_change: Build, put_manifest: Build, inbox: Any, context: Any
) -> None:
    put_manifest(datetime(2013, 4, 1, 13, tzinfo=UTC), status="Completed", violations=0, quarantined=120, worst=())
    handler(alarm_change(at=RAISED, alarm="flights-prod-data-quality-quarantined"), context)
    [(subject, text)] = inbox.messages()
    assert subject == "ALARM flights-prod data-quality: records could not be read"
    assert "Rows:     913 analysed, 120 unreadable, 0 violations" in text
    assert "Retraining" not in text
    assert text.rstrip().endswith("https://example.com/runbook.md#quarantined")


def test_the_run_behind_an_alarm_is_the_one_that_has_just_ended(
    alarm_change: Build, put_manifest: Build, inbox: Any, context: Any
) -> None:
    """An alarm rings in the minute in which the metrics of a run arrive, some minutes after the window's end."""
    for hour in (12, 13):
        put_manifest(datetime(2013, 4, 1, hour, tzinfo=UTC), violations=hour)
    handler(alarm_change(at=datetime(2013, 4, 1, 13, 0, 1, tzinfo=UTC)), context)
    [(subject, _)] = inbox.messages()
    assert "13 violations" in subject


def test_a_missing_setting_is_named(monkeypatch: pytest.MonkeyPatch, alarm_change: Build, context: Any) -> None:
    monkeypatch.delenv("TOPIC_ARN")
    monkeypatch.setenv("RETRAINING", "perhaps")
    with pytest.raises(ConfigError, match=r"TOPIC_ARN: Field required; RETRAINING: .*'automatic', 'dry-run' or 'off'"):
        handler(alarm_change(at=RAISED), context)


@pytest.mark.parametrize("subject", ["x" * 300, "two\nlines", "Temp\u00e9rature \u2603"])
def test_any_subject_is_one_that_sns_accepts(subject: str) -> None:
    made = Message.of(subject, []).subject
    assert made.isascii()
    assert made.isprintable()
    assert 0 < len(made) <= 100


def test_a_new_heartbeat_alarm_greets_instead_of_alarming(alarm_change: Build, inbox: Any, context: Any) -> None:
    new, heartbeat = "Unchecked: Initial alarm creation", "flights-prod-data-quality-heartbeat"
    created = {"alarm": heartbeat, "before": "INSUFFICIENT_DATA", "before_reason": new}
    handler(alarm_change(at=RAISED, **created), context)
    handler(alarm_change(at=RAISED + timedelta(days=9), alarm=heartbeat), context)
    subjects = [subject for subject, _ in inbox.messages()]
    assert subjects == [
        "READY flights-prod data-quality: monitoring is deployed and waits for its first run",
        "ALARM flights-prod data-quality: no run has finished lately: nobody is watching",
    ]
