"""The loop that the account is for: metric -> alarm -> event -> rule -> function -> pipeline, topic and queue."""

from __future__ import annotations

import json
import textwrap
from datetime import timedelta
from typing import Any

from tests.local.lab import RUNTIME, Lab

RETRAIN = textwrap.dedent("""
    import json, os, urllib.request

    def handler(event, context):
        body = {"PipelineName": os.environ["PIPELINE"], "ClientRequestToken": event["id"],
                "PipelineParameters": [{"Name": "Alarm", "Value": event["detail"]["alarmName"]}]}
        request = urllib.request.Request(os.environ["AWS_ENDPOINT_URL"], json.dumps(body).encode(), {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": "SageMaker.StartPipelineExecution",
            "Authorization": "AWS4-HMAC-SHA256 Credential=k/20130101/us-east-1/sagemaker/aws4_request, X=y"})
        with urllib.request.urlopen(request) as response:
            return json.load(response)
""")

PIPELINE = {
    "Version": "2020-12-01",
    "Parameters": [{"Name": "Alarm", "Type": "String", "DefaultValue": ""}],
    "Steps": [{"Name": "Stop", "Type": "Fail", "Arguments": {"ErrorMessage": "nothing to train"}}],
}


def role(*services: str) -> dict[str, Any]:
    principal = {"Service": [f"{service}.amazonaws.com" for service in services]}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": document}}


def arn(logical_id: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [logical_id, "Arn"]}


RESOURCES: dict[str, Any] = {
    "Role": role("lambda", "sagemaker"),
    "Topic": {"Type": "AWS::SNS::Topic", "Properties": {}},
    "Mail": {
        "Type": "AWS::SNS::Subscription",
        "Properties": {"TopicArn": {"Ref": "Topic"}, "Protocol": "email", "Endpoint": "ml@example.com"},
    },
    "Audit": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "audit"}},
    "Pipeline": {
        "Type": "AWS::SageMaker::Pipeline",
        "Properties": {
            "PipelineName": "retrain",
            "RoleArn": arn("Role"),
            "PipelineDefinition": {"PipelineDefinitionBody": json.dumps(PIPELINE)},
        },
    },
    "Function": {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "FunctionName": "retrain",
            "Runtime": RUNTIME,
            "Handler": "index.handler",
            "Role": arn("Role"),
            "Code": {"ZipFile": RETRAIN},
            "Environment": {"Variables": {"PIPELINE": {"Ref": "Pipeline"}}},
        },
    },
    "Alarm": {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmName": "flights-violations",
            "Namespace": "Test",
            "MetricName": "violations",
            "Dimensions": [{"Name": "Endpoint", "Value": "flights"}],
            "Statistic": "Maximum",
            "Period": 3600,
            "EvaluationPeriods": 3,
            "DatapointsToAlarm": 2,
            "Threshold": 0,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
            "AlarmActions": [{"Ref": "Topic"}],
        },
    },
    "Rule": {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "EventPattern": {
                "source": ["aws.cloudwatch"],
                "detail-type": ["CloudWatch Alarm State Change"],
                "detail": {"alarmName": [{"prefix": "flights-"}], "state": {"value": ["ALARM"]}},
            },
            "Targets": [{"Id": "function", "Arn": arn("Function")}, {"Id": "audit", "Arn": arn("Audit")}],
        },
    },
}


def test_drift_starts_the_pipeline_once_and_tells_a_person(lab: Lab) -> None:
    lab.client("cloudformation").create_stack(StackName="chain", TemplateBody=json.dumps({"Resources": RESOURCES}))
    dimensions, start = [{"Name": "Endpoint", "Value": "flights"}], lab.account.now
    for hour, violations in enumerate((0, 0, 3, 0, 2, 4, 5, 6)):
        lab.account.advance_to(start + timedelta(hours=hour + 1))
        lab.metric("violations", violations, Dimensions=dimensions, Timestamp=start + timedelta(hours=hour))

    changes = [(time[11:16], state) for time, state in lab.alarm_changes("flights-violations")]
    assert changes == [("01:00", "OK"), ("05:00", "ALARM")]  # two of three, and no second incident while it lasts
    executions = lab.client("sagemaker").list_pipeline_executions(PipelineName="retrain")["PipelineExecutionSummaries"]
    assert len(executions) == 1
    described = lab.client("sagemaker").list_pipeline_parameters_for_execution(
        PipelineExecutionArn=executions[0]["PipelineExecutionArn"]
    )
    assert described["PipelineParameters"] == [{"Name": "Alarm", "Value": "flights-violations"}]
    (event,) = lab.bodies("arn:aws:sqs:us-east-1:123456789012:audit")
    assert event["detail"]["alarmName"] == "flights-violations"
    (mail,) = [one for one in lab.account.messages() if one["subject"].startswith('ALARM: "flights-violations"')]
    assert mail["endpoint"] == "ml@example.com"
    lab.client("cloudformation").delete_stack(StackName="chain")
