"""Many endpoints that share key, bucket, topic and dashboard."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from aws_cdk import App
from aws_cdk.cx_api import CloudAssembly

from infra.app import build
from infra.config import parse_config, parse_fleet
from infra.config.schedule import DELIVERY_SECONDS, SPREAD_SECONDS, parse_schedule
from infra.stacks.endpoint_stack import EndpointStack
from infra.stacks.fleet_stack import FleetStack
from monitoring_core.errors import ConfigError

from .conftest import FLEET, Template, cdk_context
from .test_monitor_kinds import SCHEMA, SECTIONS
from .test_runtime_own import policy
from .test_security import as_list

ENDPOINTS: Final = ("demand-east", "demand-north", "demand-south")
MEMBER: Final[dict[str, Any]] = {
    "endpoint": {"name": "ep", "existing": True},
    "fleet": "payments",
    "capture": {"destination": "s3://captured/data/"},
    "baseline": {"dataset": "s3://data/train.csv"},
    "monitors": [{"kind": "data-quality"}],
}
MOST_RESOURCES: Final = 500
MOST_BYTES: Final = 1_000_000
"""CloudFormation's limits for a stack and for its template."""


@pytest.fixture(scope="session")
def shared(templates: dict[str, Template]) -> Template:
    return templates["demand"]


def alone(fill: Callable[[App], object], outdir: Path) -> dict[str, Template]:
    app = App(context=cdk_context(), outdir=str(outdir))
    fill(app)
    return {stack.stack_name: stack.template for stack in app.synth().stacks}


def kinds(template: Template) -> set[str]:
    return {resource["Type"] for resource in template["Resources"].values()}


def parameters(template: Template) -> set[str]:
    """Names of the SSM parameters that a template reads."""
    given = template.get("Parameters", {}).values()
    return {p["Default"] for p in given if p["Type"].startswith("AWS::SSM::Parameter")}


def strings(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for inner in value.values():
                yield from strings(inner)
        case list():
            for inner in value:
                yield from strings(inner)


@pytest.mark.parametrize("name", ENDPOINTS)
def test_an_endpoint_of_a_fleet_has_no_key_bucket_or_topic_of_its_own(
    templates: dict[str, Template], name: str
) -> None:
    assert not kinds(templates[name]) & {"AWS::KMS::Key", "AWS::S3::Bucket", "AWS::SNS::Topic", "AWS::SNS::TopicPolicy"}


@pytest.mark.parametrize("name", ENDPOINTS)
def test_an_endpoint_reads_only_parameters_that_its_fleet_publishes(
    templates: dict[str, Template], shared: Template, name: str
) -> None:
    published = {r["Properties"]["Name"] for r in shared["Resources"].values() if r["Type"] == "AWS::SSM::Parameter"}
    assert parameters(templates[name]) == published - {"/watchkeeper/demand/turns-table"}  # for jobs


def test_no_stack_locks_another_by_an_export(templates: dict[str, Template]) -> None:
    text = json.dumps(templates)
    assert '"Export"' not in text
    assert "Fn::ImportValue" not in text


def test_the_fleet_is_deployed_before_its_endpoints(assembly: CloudAssembly) -> None:
    after = {stack.stack_name: {one.id for one in stack.dependencies} for stack in assembly.stacks}
    assert all("WatchkeeperFleet-demand" in after[f"Watchkeeper-{name}"] for name in ENDPOINTS)
    assert "WatchkeeperFleet-demand" not in after["Watchkeeper-fraud-prod"]


def test_the_shared_stack_cannot_be_deleted_by_mistake(assembly: CloudAssembly) -> None:
    protected = {stack.stack_name for stack in assembly.stacks if stack.termination_protection}
    assert protected == {"WatchkeeperFleet-chatty", "WatchkeeperFleet-demand"}


@pytest.mark.parametrize("name", ENDPOINTS)
def test_roles_reach_the_prefixes_of_their_own_endpoint_alone(templates: dict[str, Template], name: str) -> None:
    """Whoever is in the shared bucket is below a prefix that names the endpoint."""
    (bucket,) = [key for key in templates[name]["Parameters"] if "bucketname" in key]
    reached = [
        "".join(strings(resource)).partition(bucket)[2]
        for policy in templates[name]["Resources"].values()
        if policy["Type"] == "AWS::IAM::Policy"
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if any(action.endswith("Object") for action in strings(statement["Action"]))
        for resource in as_list(statement["Resource"])
    ]
    within = [path for path in reached if path]
    assert within
    assert all(f"/{name}/" in path or f"endpoint={name}/" in path for path in within)


def test_policies_of_what_is_shared_do_not_grow_with_the_endpoints(shared: Template, tmp_path: Path) -> None:
    fleet = next(path for path in FLEET if path.name == "fleet.yaml")
    empty = alone(lambda app: build(app, [fleet]), tmp_path)["WatchkeeperFleet-demand"]
    assert set(empty["Resources"]) == set(shared["Resources"])
    for name, resource in shared["Resources"].items():
        assert resource == empty["Resources"][name] or resource["Type"] == "AWS::CloudWatch::Dashboard", name


def test_an_endpoint_is_the_same_with_and_without_the_file_of_its_fleet(
    templates: dict[str, Template], tmp_path: Path
) -> None:
    east = next(path for path in FLEET if path.name == "demand-east.yaml")
    assert alone(lambda app: build(app, [east]), tmp_path) == {"Watchkeeper-demand-east": templates["demand-east"]}


@pytest.mark.parametrize(
    ("section", "given", "path"),
    [
        ("alarms", {"notify": {"email": ["a@example.com"]}}, "alarms.notify"),
        ("capture", {"retention_days": 3}, "capture.retention_days"),
        ("governance", {"report_retention_days": 3}, "governance.report_retention_days"),
    ],
)
def test_what_the_fleet_decides_is_refused_in_the_file_of_an_endpoint(
    section: str, given: dict[str, Any], path: str
) -> None:
    image = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/m:1"
    variant = {"model": {"image": image, "artifact": "s3://data/m.tar.gz"}}
    created = {"endpoint": {"name": "ep", "create": {"variants": [variant]}}, "capture": {}}
    with pytest.raises(ConfigError, match=rf"f: {path}: is decided in the file of the fleet payments; remove it here"):
        parse_config(MEMBER | created | {section: given}, "f")


def test_a_mistake_in_the_file_of_a_fleet_is_named() -> None:
    with pytest.raises(ConfigError, match=r"fleet.yaml: alarms.notifi: unknown key; allowed: notify; did you mean"):
        parse_fleet({"fleet": "payments", "alarms": {"notifi": 1}}, "fleet.yaml")


def test_two_files_of_one_fleet_are_refused() -> None:
    fleet = next(path for path in FLEET if path.name == "fleet.yaml")
    with pytest.raises(ConfigError, match="several files describe the same fleet: demand"):
        build(App(context=cdk_context()), [fleet, fleet])


FLEET_CHANGES: Final[list[tuple[str, dict[str, Any]]]] = [
    ("fleet", {"fleet": "other"}),
    ("capture.retention_days", {"capture": {"retention_days": 5}}),
    ("alarms.notify.email", {"alarms": {"notify": {"email": ["a@example.com"]}}}),
    ("alarms.notify.slack", {"alarms": {"notify": {"slack": [{"workspace": "T1", "channel": "C1"}]}}}),
    ("governance.report_retention_days", {"governance": {"report_retention_days": 400}}),
    ("governance.owner", {"governance": {"owner": "me"}}),
    ("governance.tags", {"governance": {"tags": {"cost-centre": "1"}}}),
    ("runtime.on_delete", {"runtime": {"on_delete": "destroy"}}),
    ("runtime.image", {"runtime": {"image": "codebuild"}}),
    ("runtime.log_retention", {"runtime": {"on_delete": "destroy", "log_retention": "1y"}}),
]


def test_every_field_of_a_fleet_changes_its_stack(tmp_path: Path) -> None:
    documents = [("base", {"fleet": "payments"}), *((name, {"fleet": "payments"} | c) for name, c in FLEET_CHANGES)]

    def every(app: App) -> None:
        for number, (_, document) in enumerate(documents):
            FleetStack(app, f"Fleet{number}", config=parse_fleet(document, "f"), endpoints=[])

    found = alone(every, tmp_path)
    rendered = [json.dumps(found[f"Fleet{number}"], sort_keys=True) for number in range(len(documents))]
    rendered = [text.replace(f"Fleet{number}", "Fleet") for number, text in enumerate(rendered)]
    assert [name for (name, _), text in zip(documents, rendered, strict=True) if rendered.count(text) > 1] == []


def test_the_dashboard_shows_alarms_that_exist_and_every_endpoint(
    templates: dict[str, Template], shared: Template
) -> None:
    (board,) = [r for r in shared["Resources"].values() if r["Type"] == "AWS::CloudWatch::Dashboard"]
    text = "".join(
        part if isinstance(part, str) else "0" for part in board["Properties"]["DashboardBody"]["Fn::Join"][1]
    )
    widgets = json.loads(text)["widgets"]
    shown = {arn.rpartition(":")[2] for w in widgets if w["type"] == "alarm" for arn in w["properties"]["alarms"]}
    declared = {
        r["Properties"]["AlarmName"]
        for name in ENDPOINTS
        for r in templates[name]["Resources"].values()
        if r["Type"] == "AWS::CloudWatch::Alarm"
    }
    assert shown < declared
    assert {f"{name}-dead-letters" for name in ENDPOINTS} < shown
    lines = [m[-1] for w in widgets for m in w["properties"].get("metrics", [])]
    assert [line["label"] for line in lines if "expression" in line] == list(ENDPOINTS)


def member(number: int, monitors: list[dict[str, Any]]) -> dict[str, Any]:
    return MEMBER | {"endpoint": {"name": f"ep-{number:03}", "existing": True}, "monitors": monitors}


def test_a_hundred_endpoints_with_nine_monitors_fit_on_one_dashboard(tmp_path: Path) -> None:
    nine = [{"kind": "data-quality", "name": f"m{i}"} for i in range(9)]
    endpoints = [parse_config(member(number, nine), "f") for number in range(100)]
    fleet = parse_fleet({"fleet": "payments"}, "f")
    found = alone(lambda app: FleetStack(app, "Fleet", config=fleet, endpoints=endpoints), tmp_path)["Fleet"]
    (board,) = [r for r in found["Resources"].values() if r["Type"] == "AWS::CloudWatch::Dashboard"]
    text = "".join(
        part if isinstance(part, str) else "0" for part in board["Properties"]["DashboardBody"]["Fn::Join"][1]
    )
    widgets = json.loads(text)["widgets"]
    assert len(widgets) <= 500
    assert max(len(w["properties"].get("alarms", [])) for w in widgets) <= 100
    metrics = [sum("expression" not in m[-1] for m in w["properties"].get("metrics", [])) for w in widgets]
    assert max(metrics) <= 500
    assert sum(metrics) == 900
    assert len(json.dumps(found)) < MOST_BYTES


def test_more_monitors_than_a_dashboard_draws_are_refused() -> None:
    nine = [{"kind": "data-quality", "name": f"m{i}"} for i in range(9)]
    endpoints = [parse_config(member(number, nine), "f") for number in range(278)]
    with pytest.raises(ConfigError, match=r"have 2502 monitors.*2,500 at most; make two fleets of it"):
        FleetStack(App(), "Fleet", config=parse_fleet({"fleet": "payments"}, "f"), endpoints=endpoints)


def test_an_endpoint_with_every_kind_of_monitor_is_far_below_the_limits_of_a_stack(tmp_path: Path) -> None:
    monitors = [{"kind": kind, **least} for kind, (least, _) in SECTIONS.items()]
    monitors.append({"kind": "data-quality"})
    document = MEMBER | {"schema": SCHEMA, "monitors": monitors}
    document.pop("fleet")
    config = parse_config(document, "f")
    assert len(config.monitors) >= 9
    (found,) = alone(lambda app: EndpointStack(app, "Stack", config=config), tmp_path).values()
    assert len(found["Resources"]) < MOST_RESOURCES / 2
    assert len(json.dumps(found)) < MOST_BYTES / 2


@pytest.mark.parametrize("text", ["hourly", "daily", "every 6 hours", "every 30 minutes", "every 5 minutes"])
def test_nobody_starts_before_the_capture_files_are_there_or_long_after(text: str) -> None:
    schedule = parse_schedule(text)
    delays = {schedule.spread(f"endpoint-{number}").delay_seconds for number in range(200)}
    assert min(delays) >= min(DELIVERY_SECONDS, schedule.delay_seconds)
    assert max(delays) <= min(SPREAD_SECONDS, schedule.period_seconds * 2 // 3)


def test_a_minute_that_the_file_gives_is_kept() -> None:
    schedule = parse_schedule("cron(20 5 ? * * *)")
    assert schedule.spread("ep") == schedule


def test_endpoints_of_a_fleet_start_in_minutes_of_their_own(templates: dict[str, Template]) -> None:
    hourly = [
        r["Properties"]["ScheduleExpression"]
        for name in ENDPOINTS
        for r in templates[name]["Resources"].values()
        if r["Type"] == "AWS::Scheduler::Schedule" and r["Properties"]["ScheduleExpression"].endswith("* * * ? *)")
    ]
    assert len(hourly) == len(set(hourly)) == len(ENDPOINTS)


def test_jobs_of_the_endpoints_of_a_fleet_wait_for_their_turn(tmp_path: Path) -> None:
    monitors = [{"kind": "data-quality", "runtime": "processing"}]
    image = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/watchkeeper:1"
    member = parse_config(MEMBER | {"monitors": monitors, "runtime": {"processing": {"image": image}}}, "f")

    def both(app: App) -> None:
        FleetStack(app, "Fleet", config=parse_fleet({"fleet": "payments"}, "f"), endpoints=[member])
        EndpointStack(app, "Endpoint", config=member)

    found = alone(both, tmp_path)
    text = "".join(strings(found["Endpoint"]["Resources"]))
    wait = '"Wait before processing":{"Type":"Wait","TimestampPath":"$.job.starts_at","Next":"Fold by processing"}'
    assert wait in text
    assert '"turns":"' in text
    assert "/watchkeeper/payments/turns-table" in parameters(found["Endpoint"])
    [taking] = policy(found["Endpoint"], "PlanFunction")["dynamodb:UpdateItem"]
    assert "turnstable" in json.dumps(taking["Resource"])
    assert "AWS::DynamoDB::Table" in kinds(found["Fleet"])


def test_without_jobs_there_are_no_turns(templates: dict[str, Template]) -> None:
    assert not any("/turns-table" in name for name in parameters(templates["demand-east"]))


def test_the_image_of_a_fleet_is_built_once(tmp_path: Path) -> None:
    processing = {"processing": {"image": "fleet"}}
    member = MEMBER | {"monitors": [{"kind": "data-quality", "runtime": "processing"}], "runtime": processing}
    fleet = parse_fleet({"fleet": "payments", "runtime": {"image": "codebuild"}}, "f")
    endpoint = parse_config(member, "f")

    def both(app: App) -> None:
        FleetStack(app, "Fleet", config=fleet, endpoints=[endpoint])
        EndpointStack(app, "Endpoint", config=endpoint)

    found = alone(both, tmp_path)
    assert "AWS::CodeBuild::Project" in kinds(found["Fleet"])
    assert not kinds(found["Endpoint"]) & {"AWS::CodeBuild::Project", "AWS::ECR::Repository"}
    published = {r["Properties"].get("Name") for r in found["Fleet"]["Resources"].values() if "Properties" in r}
    assert parameters(found["Endpoint"]) <= published


def test_the_image_of_a_fleet_needs_a_fleet() -> None:
    alone_ = {key: value for key, value in MEMBER.items() if key != "fleet"}
    with pytest.raises(ConfigError, match=r"runtime\.processing\.image: the endpoint is in no fleet"):
        parse_config(alone_ | {"runtime": {"processing": {"image": "fleet"}}}, "f")
