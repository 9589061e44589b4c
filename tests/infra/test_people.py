"""What goes to people: messages by audience and weight, and predictions that they are asked about."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from functions.common.message import Audience as MessageAudience
from functions.common.message import Routing, State
from functions.common.message import Severity as MessageSeverity
from functions.forward.event import Notification
from functions.ledger.handler import Request
from functions.review.selection import Selection
from infra.bundling import ANALYSIS, LIGHT, ROOT
from infra.config import parse_config, parse_fleet
from infra.config.notify import Audience, Severity
from infra.stacks.fleet_stack import FleetStack
from localaws.eventbridge.pattern import compile_pattern
from localaws.eventbridge.transformer import target_input
from monitoring_core.errors import ConfigError

from .conftest import Resources, Template
from .test_field_effect import ATTACHED, CREATED, PEOPLE, changed
from .test_fleet import alone

Find = Callable[[Template, str], Resources]
TOPIC = "arn:aws:sns:eu-west-1:111122223333:people"


@pytest.fixture
def people(templates: dict[str, Template]) -> Template:
    return templates["people-prod"]


def notification(severity: str = "warning", audience: str = "data-science") -> dict[str, Any]:
    """The event of a message, as the function puts it."""
    routing = Routing("people-prod", (MessageAudience(audience),), MessageSeverity(severity), "the-alarm", State.RAISED)
    attributes = {name: {"Value": given["StringValue"]} for name, given in routing.attributes().items()}
    said = {"TopicArn": TOPIC, "MessageId": "m-1", "Subject": "2 violations", "Message": 'line "1"\nline 2\n'}
    entry = Notification.of({**said, "MessageAttributes": attributes}).entry()
    return {"source": entry["Source"], "detail-type": entry["DetailType"], "detail": json.loads(entry["Detail"])}


def routed(template: Template, of_type: Find, event: dict[str, Any]) -> dict[str, Any]:
    """What each rule hands to its target, by a word in the target's name."""
    found = {}
    for _, rule in of_type(template, "AWS::Events::Rule"):
        pattern = json.loads(json.dumps(rule["Properties"]["EventPattern"]))
        if "topic" not in pattern.get("detail", {}):
            continue
        pattern["detail"]["topic"] = [TOPIC]
        (target,) = rule["Properties"]["Targets"]
        if compile_pattern(pattern).matches(event):
            text = target_input(target, event, rule_arn="arn")
            found[json.dumps(target["Arn"])] = json.loads(text)
    return found


def one(found: dict[str, Any], word: str) -> Any:
    (value,) = [value for name, value in found.items() if word in name]
    return value


def test_the_words_of_the_file_are_those_of_the_messages() -> None:
    assert list(get_args(Audience)) == list(MessageAudience)
    assert list(get_args(Severity)) == list(MessageSeverity)


def test_a_mail_box_hears_everything_or_what_its_route_says(people: Template, of_type: Find) -> None:
    mail = {
        r["Properties"]["Endpoint"]: r["Properties"].get("FilterPolicy")
        for _, r in of_type(people, "AWS::SNS::Subscription")
        if r["Properties"]["Protocol"] == "email"
    }
    assert mail == {
        "team@example.com": None,
        "legal@example.com": {"audience": ["legal"], "severity": ["warning", "critical"]},
    }


def test_a_chat_gets_amazons_form_of_a_message_and_what_it_hears(people: Template, of_type: Find) -> None:
    found = routed(people, of_type, notification())
    shown = one(found, "ChatC0123ABCD")
    assert (shown["version"], shown["source"]) == ("1.0", "custom")
    assert shown["content"] == {
        "textType": "client-markdown",
        "title": "2 violations",
        "description": 'line "1"\nline 2\n',
    }
    assert shown["metadata"]["threadId"] == "the-alarm"
    assert not [name for name in routed(people, of_type, notification(audience="legal")) if "ChatC0123ABCD" in name]


def test_a_pager_gets_an_event_it_can_resolve_and_no_news(people: Template, of_type: Find) -> None:
    page = one(routed(people, of_type, notification()), "pagerduty")
    assert (page["event_action"], page["dedup_key"]) == ("trigger", "the-alarm")
    assert page["payload"]["severity"] == "warning"
    assert not [name for name in routed(people, of_type, notification("info")) if "pagerduty" in name]
    news = notification()
    news["detail"]["state"] = "news"
    assert not [name for name in routed(people, of_type, news) if "pagerduty" in name]
    assert one(routed(people, of_type, news), "tickets")["subject"] == "2 violations"


def test_secrets_are_named_and_not_held(people: Template, of_type: Find) -> None:
    for _, connection in of_type(people, "AWS::Events::Connection"):
        key = connection["Properties"]["AuthParameters"]["ApiKeyAuthParameters"]["ApiKeyValue"]
        assert key.startswith("{{resolve:secretsmanager:arn:aws:secretsmanager:eu-west-1:111122223333:secret:")


def test_nobody_can_run_commands_in_a_chat(people: Template, of_type: Find) -> None:
    kinds = ("AWS::Chatbot::SlackChannelConfiguration", "AWS::Chatbot::MicrosoftTeamsChannelConfiguration")
    chats = [resource["Properties"] for kind in kinds for _, resource in of_type(people, kind)]
    assert len(chats) == 2
    roles = {chat["IamRoleArn"]["Fn::GetAtt"][0] for chat in chats}
    assert all("AWSDenyAll" in json.dumps(chat["GuardrailPolicies"]) for chat in chats)
    used = [r for _, p in of_type(people, "AWS::IAM::Policy") for r in p["Properties"]["Roles"]]
    assert not roles & {role["Ref"] for role in used}


def test_without_chats_and_webhooks_nothing_is_forwarded(flights: Template, of_type: Find) -> None:
    assert of_type(flights, "AWS::Events::Connection") == []
    names = [r["Properties"]["Handler"] for _, r in of_type(flights, "AWS::Lambda::Function")]
    assert "functions.forward.handler.handler" not in names


def test_a_fleet_forwards_for_all_of_its_endpoints(tmp_path: Path, of_type: Find) -> None:
    document = {"fleet": "payments", "alarms": PEOPLE["alarms"]}
    config = parse_fleet(document, "f")
    found = alone(lambda app: FleetStack(app, "Fleet", config=config, endpoints=[]), tmp_path)["Fleet"]
    assert len(routed(found, of_type, notification())) == 3


def test_the_functions_read_their_settings(people: Template, of_type: Find) -> None:
    settings = {
        r["Properties"]["Handler"].split(".")[1]: r["Properties"]["Environment"]["Variables"]
        for _, r in of_type(people, "AWS::Lambda::Function")
    }
    assert Selection.model_validate_json(settings["review"]["SELECTION"]).between == (0.4, 0.6)
    assert json.loads(settings["notify"]["MONITORS"]) == {"people-prod-data-quality": "data-quality"}
    (daily,) = [
        r["Properties"]["Target"]["Input"]
        for _, r in of_type(people, "AWS::Scheduler::Schedule")
        if "Ledger" in json.dumps(r["Properties"]["Target"]["Arn"])
    ]
    at = daily.replace("<aws.scheduler.scheduled-time>", "2013-04-02T00:20:00Z")
    assert Request.model_validate_json(at).scheduled_time.hour == 0


def test_every_function_is_in_the_zip_that_it_is_given(templates: dict[str, Template], of_type: Find) -> None:
    deployed = {
        r["Properties"]["Handler"].split(".")[1]
        for template in templates.values()
        for _, r in of_type(template, "AWS::Lambda::Function")
        if r["Properties"].get("Handler", "").startswith("functions.")
    }
    assert deployed <= {*LIGHT.functions, *ANALYSIS.functions}


def test_review_files_go_with_the_captured_records_and_reports_when_the_file_says_so(
    people: Template, flights: Template, of_type: Find
) -> None:
    def days(template: Template) -> dict[str, int]:
        rules = [
            rule
            for _, bucket in of_type(template, "AWS::S3::Bucket")
            for rule in bucket["Properties"]["LifecycleConfiguration"]["Rules"]
        ]
        return {rule["Id"]: rule["ExpirationInDays"] for rule in rules if "ExpirationInDays" in rule}

    assert days(people)["review"] == days(people)["capture"]
    assert days(people)["reports"] == 730
    assert "reports" not in days(flights)


@pytest.mark.parametrize(
    ("document", "line"),
    [
        (CREATED | {"review": {}}, "review: give at least one of `probability_between`, `segments` and `custom_attr"),
        (CREATED | {"review": {"probability_between": [0.4, 0.6]}}, "schema.probability: missing; `review.probability"),
        (
            changed(PEOPLE, ("review", "segments", 0, "column"), "rain"),
            "review.segments[0].column: 'rain' is no column; allowed: p, temp, wind",
        ),
        (changed(PEOPLE, ("review", "probability_between"), [0.6, 0.4]), "review: `probability_between` begins with"),
        (
            changed(PEOPLE, ("alarms", "notify", "email"), ["a@example.com"]),
            "alarms.notify: each address can be given once, got twice: a@example.com",
        ),
        (
            changed(PEOPLE, ("alarms", "notify", "webhooks", 0, "url"), "http://hooks.example.com"),
            "alarms.notify.webhooks[0].url: 'http://hooks.example.com' is not allowed; allowed: an https address",
        ),
        (ATTACHED | {"fleet": "f", "alarms": {"notify": PEOPLE["alarms"]["notify"]}}, "alarms.notify: is decided in"),
    ],
)
def test_a_mistake_is_named_with_its_fix(document: dict[str, Any], line: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse_config(document, "f")
    assert any(text.startswith(f"f: {line}") for text in str(error.value).splitlines()), str(error.value)


@pytest.mark.parametrize("page", ["people.md", "evidence.md"])
def test_the_pages_show_valid_configuration(page: str) -> None:
    shown = re.findall(r"^```yaml\n(.*?)^```", (ROOT / "docs" / page).read_text(), flags=re.MULTILINE | re.DOTALL)
    assert shown
    around = {name: CREATED[name] for name in ("endpoint", "baseline")} | {
        "schema": {"outputs": ["p"], "features": ["carrier"], "probability": "p"},
        "monitors": [{"kind": "data-quality"}],
    }
    for text in shown:
        assert parse_config(around | yaml.safe_load(text), page).name == "ep"
