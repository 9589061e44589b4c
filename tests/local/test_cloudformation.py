"""What a template says is made, or the deployment fails and says why."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.lab import RUNTIME, Lab

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
ROLE = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}}


def deploy(lab: Lab, name: str, resources: Mapping[str, Any], **template: Any) -> dict[str, Any]:
    """Create a stack and return its outputs."""
    body = json.dumps({"Resources": resources, **template})
    lab.client("cloudformation").create_stack(StackName=name, TemplateBody=body)
    (stack,) = lab.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def function(code: str, **more: Any) -> dict[str, Any]:
    properties = {
        "Runtime": RUNTIME,
        "Handler": "index.handler",
        "Role": {"Fn::GetAtt": ["Role", "Arn"]},
        "Code": {"ZipFile": code},
    }
    return {"Type": "AWS::Lambda::Function", "Properties": {**properties, **more}}


def test_an_unknown_type_fails_the_deployment_by_name(lab: Lab) -> None:
    with pytest.raises(ClientError, match=r"no resource type AWS::Batch::Nonsense"):
        deploy(lab, "unknown-type", {"Thing": {"Type": "AWS::Batch::Nonsense", "Properties": {}}})


def test_a_property_that_the_api_does_not_know_fails_the_deployment_by_name(lab: Lab) -> None:
    alarm = {"MetricName": "m", "Namespace": "n", "Colour": "red"}
    with pytest.raises(ClientError, match=r"(?s)Resource Alarm \(AWS::CloudWatch::Alarm\).*Colour"):
        deploy(lab, "unknown-property", {"Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": alarm}})


def test_a_property_that_moto_would_ignore_fails_the_deployment_by_name(lab: Lab) -> None:
    stream = {"Name": "s", "ShardCount": 1, "Colour": "red"}
    with pytest.raises(ClientError, match=r"Resource Stream \(AWS::Kinesis::Stream\).*would ignore: Colour"):
        deploy(lab, "ignored", {"Stream": {"Type": "AWS::Kinesis::Stream", "Properties": stream}})


def test_a_failed_stack_leaves_nothing(lab: Lab) -> None:
    resources = {
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "left-behind"}},
        "Bad": {"Type": "AWS::SNS::Subscription", "DependsOn": "Queue", "Properties": {"Protocol": "email"}},
    }
    with pytest.raises(ClientError, match="Bad"):
        deploy(lab, "half-way", resources)
    with pytest.raises(ClientError, match="does not exist"):
        lab.client("cloudformation").describe_stacks(StackName="half-way")
    assert "left-behind" not in str(lab.client("sqs").list_queues().get("QueueUrls"))


def test_what_is_deployed_has_every_property_and_is_gone_afterwards(lab: Lab) -> None:
    target = {"Arn": {"Fn::GetAtt": ["Queue", "Arn"]}, "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]}}
    resources = {
        "Role": ROLE,
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "made", "MessageRetentionPeriod": 1209600}},
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "Alerts"}},
        "Subscription": {
            "Type": "AWS::SNS::Subscription",
            "Properties": {"TopicArn": {"Ref": "Topic"}, "Protocol": "email", "Endpoint": "ml@example.com"},
        },
        "Alarm": {
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {
                "AlarmName": "made",
                "Namespace": "Test",
                "MetricName": "m",
                "Statistic": "Sum",
                "Period": 300,
                "EvaluationPeriods": 2,
                "Threshold": 3,
                "ComparisonOperator": "GreaterThanThreshold",
                "TreatMissingData": "breaching",
                "AlarmActions": [{"Ref": "Topic"}],
            },
        },
        "Schedule": {
            "Type": "AWS::Scheduler::Schedule",
            "Properties": {
                "Name": "made",
                "ScheduleExpression": "rate(1 hour)",
                "FlexibleTimeWindow": {"Mode": "OFF"},
                "Target": target,
            },
        },
        "Bucket": {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "BucketName": "made-bucket",
                "VersioningConfiguration": {"Status": "Enabled"},
                "LifecycleConfiguration": {
                    "Rules": [{"Id": "old", "Status": "Enabled", "ExpirationInDays": 30, "Prefix": "capture/"}]
                },
            },
        },
        "BucketPolicy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {
                "Bucket": {"Ref": "Bucket"},
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Deny",
                            "Principal": "*",
                            "Action": "s3:*",
                            "Resource": "*",
                            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                        }
                    ],
                },
            },
        },
        "Function": function(
            "def handler(event, context): return 1",
            FunctionName="made",
            Architectures=["arm64"],
            MemorySize=512,
            DeadLetterConfig={"TargetArn": {"Fn::GetAtt": ["Queue", "Arn"]}},
            Tags=[{"Key": "team", "Value": "ml"}],
        ),
    }
    deploy(lab, "made", resources)
    listed = lab.client("cloudformation").list_stack_resources(StackName="made")["StackResourceSummaries"]
    assert {one["LogicalResourceId"] for one in listed} == set(resources)
    (alarm,) = lab.client("cloudwatch").describe_alarms(AlarmNames=["made"])["MetricAlarms"]
    assert (alarm["Period"], alarm["Threshold"], alarm["TreatMissingData"]) == (300, 3.0, "breaching")
    made = lab.client("lambda").get_function(FunctionName="made")
    assert made["Configuration"]["Architectures"] == ["arm64"]
    assert made["Configuration"]["DeadLetterConfig"]["TargetArn"].endswith(":made")
    assert made["Tags"]["team"] == "ml"
    (rule,) = lab.client("s3").get_bucket_lifecycle_configuration(Bucket="made-bucket")["Rules"]
    assert (rule["ID"], rule["Expiration"]["Days"], rule["Filter"]["Prefix"]) == ("old", 30, "capture/")
    lab.client("s3").put_object(Bucket="made-bucket", Key="k", Body=b"")  # the policy denies only what is not TLS
    lab.client("s3").delete_object(
        Bucket="made-bucket",
        Key="k",
        VersionId=lab.client("s3").head_object(Bucket="made-bucket", Key="k")["VersionId"],
    )
    lab.client("cloudformation").delete_stack(StackName="made")
    assert lab.client("cloudwatch").describe_alarms(AlarmNames=["made"])["MetricAlarms"] == []
    assert "made-bucket" not in str(lab.client("s3").list_buckets())
    assert "made" not in [one["FunctionName"] for one in lab.client("lambda").list_functions()["Functions"]]
    assert "made" not in [one["Name"] for one in lab.client("scheduler").list_schedules()["Schedules"]]
    topics = {one["TopicArn"] for one in lab.client("sns").list_topics()["Topics"]}
    assert not [one for one in topics if "made" in one]


ANSWERING = """
import json, urllib.request
def handler(event, context):
    print("REQUEST", json.dumps(event))
    properties = event["ResourceProperties"]
    same = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
    answer = {**same, "Status": properties.get("Status", "SUCCESS"), "Reason": "because",
              "PhysicalResourceId": "baseline-1", "Data": {"Id": properties["Dataset"].upper()}}
    request = urllib.request.Request(event["ResponseURL"], json.dumps(answer).encode(), method="PUT")
    urllib.request.urlopen(request).read()
"""


def custom(**properties: Any) -> dict[str, Any]:
    token = {"Fn::GetAtt": ["Function", "Arn"]}
    return {"Type": "Custom::Baseline", "Properties": {"ServiceToken": token, "Dataset": "train", **properties}}


def test_a_custom_resource_is_created_waited_for_and_deleted(lab: Lab) -> None:
    resources = {"Role": ROLE, "Function": function(ANSWERING, FunctionName="answering"), "Baseline": custom()}
    outputs = {
        "Ref": {"Value": {"Ref": "Baseline"}},
        "Id": {"Value": {"Fn::GetAtt": ["Baseline", "Id"]}},
    }
    assert deploy(lab, "custom", resources, Outputs=outputs) == {"Ref": "baseline-1", "Id": "TRAIN"}
    lab.client("cloudformation").delete_stack(StackName="custom")
    lines = lab.account.logs("answering")
    requests = [json.loads(line.removeprefix("REQUEST ")) for line in lines if line.startswith("REQUEST ")]
    assert [request["RequestType"] for request in requests] == ["Create", "Delete"]
    assert requests[1]["PhysicalResourceId"] == "baseline-1"
    assert requests[0]["ResourceType"] == "Custom::Baseline"


def test_a_custom_resource_that_fails_fails_the_deployment_with_its_reason(lab: Lab) -> None:
    resources = {"Role": ROLE, "Function": function(ANSWERING), "Baseline": custom(Status="FAILED")}
    with pytest.raises(ClientError, match=r"Resource Baseline \(Custom::Baseline\).*FAILED: because"):
        deploy(lab, "custom-failed", resources)


def test_a_custom_resource_whose_function_crashes_fails_the_deployment(lab: Lab) -> None:
    crashing = "def handler(event, context): raise KeyError('dataset')"
    resources = {"Role": ROLE, "Function": function(crashing), "Baseline": custom()}
    with pytest.raises(ClientError, match=r"did not answer to the ResponseURL.*KeyError"):
        deploy(lab, "custom-crashed", resources)
