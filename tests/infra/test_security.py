"""What must hold in every template: cdk-nag and cfn-lint are clean, and our own rules where they have none."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Stack, aws_s3

from infra.app import build
from infra.bundling import ROOT
from infra.config import EndpointConfig, FleetConfig, load_file

from .conftest import CHATS, EXAMPLES, FLEET, JOBS, PEOPLE, Template, cdk_context

CONFIGS = [load_file(path) for path in (*EXAMPLES, *FLEET, JOBS, PEOPLE, CHATS)]
ENDPOINTS = [config.name for config in CONFIGS if isinstance(config, EndpointConfig)]
FLEETS = [config.fleet for config in CONFIGS if isinstance(config, FleetConfig)]
REGIONS = ("us-east-1", "eu-central-1", "cn-north-1", "us-gov-west-1")
NOT_OFFERED = {
    *(
        (f"AWS::SageMaker::{kind}JobDefinition", region)
        for kind in ("DataQuality", "ModelQuality", "ModelBias", "ModelExplainability")
        for region in ("cn-north-1", "us-gov-west-1")
    ),
    ("AWS::SageMaker::MonitoringSchedule", "us-gov-west-1"),
    ("AWS::SageMaker::ModelPackageGroup", "cn-north-1"),
    *(
        (f"AWS::Chatbot::{chat}ChannelConfiguration", region)
        for chat in ("Slack", "MicrosoftTeams")
        for region in ("cn-north-1", "us-gov-west-1")
    ),
    *((f"AWS::Events::{kind}", "us-gov-west-1") for kind in ("ApiDestination", "Connection")),
}
"""CloudFormation has no such types there: `runtime: managed`, `pipeline: create`, chats and webhooks need another
region."""
CREATE_ONLY = {
    "AWS::SageMaker::Model": "ModelName",
    "AWS::SageMaker::EndpointConfig": "EndpointConfigName",
    "AWS::CodeBuild::Project": "Name",
    "AWS::ECR::Repository": "RepositoryName",
    "AWS::IAM::Role": "RoleName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::StepFunctions::StateMachine": "StateMachineName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::Events::Rule": "Name",
    "AWS::Scheduler::Schedule": "Name",
}
"""Types that CloudFormation replaces on some change, and the property that would make the two collide."""


@pytest.fixture(params=[*ENDPOINTS, *FLEETS])
def template(request: pytest.FixtureRequest, templates: dict[str, Template]) -> Template:
    return templates[request.param]


@pytest.fixture(params=ENDPOINTS)
def endpoint(request: pytest.FixtureRequest, templates: dict[str, Template]) -> Template:
    return templates[request.param]


def key_of(template: Template) -> str:
    """What the template calls its key: its own, or the parameter with that of its fleet."""
    own = [name for name, _ in properties(template, "AWS::KMS::Key")]
    (name,) = own or [name for name in template["Parameters"] if "keyarn" in name]
    return name


def properties(template: Template, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, resource in template["Resources"].items():
        if resource["Type"] == kind:
            yield name, resource.get("Properties", {})


def statements(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, policy in properties(template, "AWS::IAM::Policy"):
        for statement in policy["PolicyDocument"]["Statement"]:
            yield name, statement


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_every_example_is_covered(templates: dict[str, Template]) -> None:
    assert sorted(templates) == sorted([*ENDPOINTS, *FLEETS])
    folders = {path.parent for path in (*EXAMPLES, *FLEET)}
    assert {path.parent for path in (ROOT / "examples").glob("*/*.yaml")} == folders


def test_a_finding_of_cdk_nag_fails_the_synthesis(tmp_path: Path) -> None:
    app = App(context=cdk_context(), outdir=str(tmp_path))
    build(app, [])
    aws_s3.Bucket(Stack(app, "Careless"), "Bucket")
    with pytest.raises(RuntimeError, match="S3 Bucket has server access logs disabled"):
        app.synth()


@pytest.mark.slow
def test_cfn_lint_is_clean_in_every_partition(templates: dict[str, Template], tmp_path: Path) -> None:
    """W3005 (a dependency that a reference implies already) comes from CDK itself."""
    for name, template in templates.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(template))
    cfn_lint = Path(sys.executable).with_name("cfn-lint")
    command = [str(cfn_lint), "--ignore-checks", "W3005", "--regions", *REGIONS, "--format", "json", "--template"]
    command += [str(path) for path in sorted(tmp_path.glob("*.json"))]
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed arguments
    findings = {(found["Rule"]["Id"], found["Message"]) for found in json.loads(result.stdout)}
    known = {f"Resource type {kind!r} does not exist in {region!r}" for kind, region in NOT_OFFERED}
    assert findings == {("E3006", message) for message in known}


def test_no_permission_has_a_wildcard_action(template: Template) -> None:
    actions = [(name, action) for name, s in statements(template) for action in as_list(s["Action"])]
    assert [(name, action) for name, action in actions if "*" in action] == []


def test_only_actions_without_resources_are_allowed_on_everything(template: Template) -> None:
    on_everything = {
        action for _, s in statements(template) if "*" in as_list(s["Resource"]) for action in as_list(s["Action"])
    }
    x_ray = {
        f"xray:{verb}" for verb in ("PutTraceSegments", "PutTelemetryRecords", "GetSamplingRules", "GetSamplingTargets")
    }
    deliveries = {
        f"logs:{verb}"
        for verb in (
            "CreateLogDelivery", "DeleteLogDelivery", "DescribeLogGroups", "DescribeResourcePolicies", "GetLogDelivery",
            "ListLogDeliveries", "PutResourcePolicy", "UpdateLogDelivery",
        )
    }  # fmt: skip
    looks = {
        f"ec2:Describe{kind}" for kind in ("DhcpOptions", "NetworkInterfaces", "SecurityGroups", "Subnets", "Vpcs")
    }
    listed = ("Artifacts", "Associations", "Contexts", "MonitoringAlerts", "MonitoringExecutions")
    lists = {f"sagemaker:List{kind}" for kind in listed}
    alone = {"cloudwatch:PutMetricData", "ecr:GetAuthorizationToken"}
    assert on_everything <= x_ray | deliveries | looks | lists | alone


def test_metrics_are_limited_by_namespace(template: Template) -> None:
    for _, statement in statements(template):
        if "cloudwatch:PutMetricData" in as_list(statement["Action"]):
            assert "cloudwatch:namespace" in statement["Condition"]["StringEquals"]


def test_objects_are_named_below_a_prefix(template: Template) -> None:
    for _, statement in statements(template):
        if any(action.endswith("Object") for action in as_list(statement["Action"])):
            for resource in as_list(statement["Resource"]):
                text = json.dumps(resource)
                assert text.count("/") >= 1, resource
                assert not text.rstrip('"]} ').endswith(":::*"), resource


def test_buckets_are_listed_only_below_a_prefix(template: Template) -> None:
    for _, statement in statements(template):
        if "s3:ListBucket" in as_list(statement["Action"]):
            assert statement["Condition"]["StringLike"]["s3:prefix"]


def test_every_function_has_a_role_of_its_own(endpoint: Template) -> None:
    roles = [json.dumps(p["Role"]) for _, p in properties(endpoint, "AWS::Lambda::Function")]
    assert len(roles) == len(set(roles)) > 0


TRUSTED_FOR_THIS_ACCOUNT = {
    "codebuild.amazonaws.com": "StringEquals",
    "events.amazonaws.com": "StringEquals",
    "sagemaker.amazonaws.com": "StringEqualsIfExists",
    "chatbot.amazonaws.com": "StringEqualsIfExists",
    "scheduler.amazonaws.com": "StringEquals",
    "states.amazonaws.com": "StringEquals",
}
"""Lambda names no source when it takes on a role."""


def test_a_service_takes_on_a_role_for_this_account_only(template: Template) -> None:
    for name, role in properties(template, "AWS::IAM::Role"):
        (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
        service = statement["Principal"]["Service"]
        if service != "lambda.amazonaws.com":
            condition = statement["Condition"][TRUSTED_FOR_THIS_ACCOUNT[service]]
            assert condition == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}, name


def test_schedules_and_state_machines_are_named_in_what_they_take_on(flights: Template) -> None:
    trusts = [r["AssumeRolePolicyDocument"]["Statement"][0] for _, r in properties(flights, "AWS::IAM::Role")]
    sources = {t["Principal"]["Service"]: json.dumps(t.get("Condition")) for t in trusts}
    assert ":schedule-group/default" in sources["scheduler.amazonaws.com"]
    assert ":stateMachine:*" in sources["states.amazonaws.com"]


def test_only_this_account_is_served_by_what_services_may_use(template: Template) -> None:
    """EventBridge publishes to encrypted topics, and uses keys, without naming a source."""
    kinds = ("AWS::KMS::Key", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy", "AWS::S3::BucketPolicy")
    for kind in kinds:
        for name, p in properties(template, kind):
            for statement in (p.get("KeyPolicy") or p["PolicyDocument"])["Statement"]:
                principal = json.dumps(statement["Principal"])
                silent = "events.amazonaws.com" in principal and kind in {"AWS::KMS::Key", "AWS::SNS::TopicPolicy"}
                if "Service" in principal and not silent:
                    condition = json.dumps(statement["Condition"])
                    assert "aws:Source" in condition or "kms:EncryptionContext" in condition, (name, statement)


def test_every_log_group_is_encrypted_and_forgets(endpoint: Template) -> None:
    groups = [p for _, p in properties(endpoint, "AWS::Logs::LogGroup")]
    assert groups
    assert all({"KmsKeyId", "RetentionInDays"} <= p.keys() for p in groups)


def test_every_function_writes_to_a_declared_log_group(template: Template) -> None:
    assert all(p["LoggingConfig"]["LogGroup"] for _, p in properties(template, "AWS::Lambda::Function"))


def test_everything_that_holds_data_uses_the_stacks_key(template: Template) -> None:
    key = key_of(template)
    for kind in ("AWS::DynamoDB::Table", "AWS::SNS::Topic", "AWS::SQS::Queue", "AWS::SageMaker::EndpointConfig"):
        for name, p in properties(template, kind):
            assert key in json.dumps(p), name
    buckets = {name: json.dumps(p) for name, p in properties(template, "AWS::S3::Bucket")}
    assert all(key in text for name, text in buckets.items() if "AccessLogs" not in name)


def test_buckets_queues_and_topics_refuse_plain_http(template: Template) -> None:
    for kind in ("AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::SNS::Topic"):
        policies = list(properties(template, f"{kind}Policy"))
        assert len(policies) == len(list(properties(template, kind)))
        for name, p in policies:
            denied = [s for s in p["PolicyDocument"]["Statement"] if s["Effect"] == "Deny"]
            assert any(s.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}} for s in denied), name


def test_only_alarms_of_this_account_publish_to_the_topic(template: Template) -> None:
    alarms = {"Service": "cloudwatch.amazonaws.com"}
    for name, policy in properties(template, "AWS::SNS::TopicPolicy"):
        let = [s for s in policy["PolicyDocument"]["Statement"] if s["Principal"] == alarms]
        assert len(let) == ("Chat" not in name)  # a chat's topic is for one rule
        assert all(s["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}} for s in let)


def test_every_alarm_says_what_missing_data_means(endpoint: Template) -> None:
    alarms = [p for _, p in properties(endpoint, "AWS::CloudWatch::Alarm")]
    assert alarms
    assert all(p.get("TreatMissingData") for p in alarms)


def test_every_alarm_is_readable_and_links_the_runbook(endpoint: Template) -> None:
    for _, p in properties(endpoint, "AWS::CloudWatch::Alarm"):
        assert "What to do: https://" in p["AlarmDescription"]
        assert p["AlarmDescription"].rpartition("#")[2] in {
            "violations",
            "heartbeat",
            "failed",
            "quarantined",
            "dead-letters",
            "errors",
            "identity",
        }


def test_every_alarm_reaches_people(template: Template) -> None:
    ruled = "".join(json.dumps(p["EventPattern"]) for _, p in properties(template, "AWS::Events::Rule"))
    for name, p in properties(template, "AWS::CloudWatch::Alarm"):
        assert p.get("AlarmActions") or name in ruled, name


def test_every_dead_letter_queue_has_an_alarm_on_its_depth(template: Template) -> None:
    watched = {
        dimension["Value"]["Fn::GetAtt"][0]
        for _, p in properties(template, "AWS::CloudWatch::Alarm")
        if p.get("MetricName") == "ApproximateNumberOfMessagesVisible" and p["Threshold"] == 0
        for dimension in p["Dimensions"]
    }
    queues = {name for name, _ in properties(template, "AWS::SQS::Queue")}
    letters = "".join(json.dumps(one) for one in found_below(template, {"DeadLetterConfig", "RedrivePolicy"}))
    assert {name for name in queues if f'"{name}"' in letters} == watched


def found_below(value: Any, keys: set[str]) -> Iterator[Any]:
    """Yield what stands under some keys, however deep."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from [inner] if key in keys else found_below(inner, keys)
    elif isinstance(value, list):
        for inner in value:
            yield from found_below(inner, keys)


def test_every_rule_and_schedule_keeps_what_it_cannot_deliver(endpoint: Template) -> None:
    queue = next(name for name, _ in properties(endpoint, "AWS::SQS::Queue"))
    targets = [t for _, p in properties(endpoint, "AWS::Events::Rule") for t in p["Targets"]]
    targets += [p["Target"] for _, p in properties(endpoint, "AWS::Scheduler::Schedule")]
    assert targets
    for target in targets:
        assert target["RetryPolicy"]["MaximumRetryAttempts"] > 0
        assert target["RetryPolicy"]["MaximumEventAgeInSeconds"] > 0
        is_the_queue_itself = queue in json.dumps(target["Arn"])
        assert is_the_queue_itself or queue in json.dumps(target["DeadLetterConfig"])


def test_functions_started_by_events_keep_what_they_fail_on(flights: Template) -> None:
    functions = dict(properties(flights, "AWS::Lambda::Function"))
    started = {name for name in functions if name.startswith(("Loop", "Card"))}
    assert started
    assert started <= {name for name, p in functions.items() if "DeadLetterConfig" in p}
    tried_again = {p["FunctionName"]["Ref"] for _, p in properties(flights, "AWS::Lambda::EventInvokeConfig")}
    assert tried_again == {name for name, p in functions.items() if "DeadLetterConfig" in p}


def test_nothing_that_may_be_replaced_has_a_fixed_name(template: Template) -> None:
    for kind, name_property in CREATE_ONLY.items():
        for name, p in properties(template, kind):
            assert name_property not in p, name


def test_jobs_run_isolated_and_encrypted(managed: Template) -> None:
    ((_, p),) = properties(managed, "AWS::SageMaker::DataQualityJobDefinition")
    assert p["NetworkConfig"] == {"EnableInterContainerTrafficEncryption": True, "EnableNetworkIsolation": True}
    assert p["JobResources"]["ClusterConfig"]["VolumeKmsKeyId"]
    assert p["DataQualityJobOutputConfig"]["KmsKeyId"]


def test_models_run_isolated(flights: Template) -> None:
    assert all(p["EnableNetworkIsolation"] for _, p in properties(flights, "AWS::SageMaker::Model"))
