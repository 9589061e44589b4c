"""Endpoints that exist before the stacks that watch them."""

from __future__ import annotations

import json

from infra.config import EndpointConfig
from localaws.account import LocalAccount

_IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
_SERVICE = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
_ALLOWED = {"Effect": "Allow", "Action": ["s3:*", "logs:*"], "Resource": "*"}
_POLICY = json.dumps({"Version": "2012-10-17", "Statement": [_ALLOWED]})


def put_model(account: LocalAccount, name: str, artifact: str) -> None:
    """Make a model of an artifact."""
    trust = json.dumps({"Version": "2012-10-17", "Statement": [_SERVICE]})
    role = account.client("iam").create_role(RoleName=f"{name}-serving", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    account.client("iam").put_role_policy(RoleName=f"{name}-serving", PolicyName="serving", PolicyDocument=_POLICY)
    container = {
        "Image": _IMAGE,
        "ModelDataUrl": artifact,
        "Environment": {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"},
    }
    account.client("sagemaker").create_model(ModelName=name, ExecutionRoleArn=role, PrimaryContainer=container)


def put_endpoint(account: LocalAccount, config: EndpointConfig, artifact: str) -> None:
    """Serve an artifact behind the endpoint, with data capture where the configuration says."""
    name, sagemaker = config.name, account.client("sagemaker")
    put_model(account, name, artifact)
    sagemaker.create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=[
            {"VariantName": "a", "ModelName": name, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
        ],
        DataCaptureConfig={
            "EnableCapture": True,
            "InitialSamplingPercentage": 100,
            "DestinationS3Uri": str(config.capture.destination).rstrip("/"),
            "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        },
    )
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
