"""What DescribeEndpoint tells of a configuration that is in service, and what an update takes over from it."""

from __future__ import annotations

from typing import Final

from localaws.sagemaker.store import Document, Request

EVENT_FIELDS: Final = [
    "EndpointName",
    "EndpointArn",
    "EndpointConfigName",
    "ProductionVariants",
    "EndpointStatus",
    "FailureReason",
    "CreationTime",
    "LastModifiedTime",
]
RETAINED: Final = {"DesiredWeight": "CurrentWeight", "DesiredInstanceCount": "CurrentInstanceCount"}


def kept(request: Request) -> set[str]:
    """Return which properties an update takes over from what is running."""
    if not request.get("RetainAllVariantProperties", False):
        return set()
    excluded = {one["VariantPropertyType"] for one in request.get("ExcludeRetainedVariantProperties", [])}
    properties = {"DesiredWeight", "DesiredInstanceCount", "DataCaptureConfig"} - excluded
    return properties | {RETAINED[field] for field in properties if field in RETAINED}


def served(config: Document) -> Document:
    """Return what DescribeEndpoint tells of a configuration that is in service."""
    told: Document = {"ProductionVariants": [summary(variant) for variant in config["ProductionVariants"]]}
    if shadows := config.get("ShadowProductionVariants"):
        told["ShadowProductionVariants"] = [summary(variant) for variant in shadows]
    if capture := config.get("DataCaptureConfig"):
        enabled = capture.get("EnableCapture", True)
        told["DataCaptureConfig"] = {
            "EnableCapture": enabled,
            "CaptureStatus": "Started" if enabled else "Stopped",
            "CurrentSamplingPercentage": capture["InitialSamplingPercentage"],
            "DestinationS3Uri": capture["DestinationS3Uri"],
            "KmsKeyId": capture.get("KmsKeyId", ""),
        }
    return told


def updated(old: Document, config: Document, request: Request) -> Document:
    """Return what DescribeEndpoint tells after an update, given what it told before."""
    replaced = ("DataCaptureConfig", "FailureReason", "ShadowProductionVariants")
    new = {key: value for key, value in old.items() if key not in replaced}
    new |= {"EndpointConfigName": config["EndpointConfigName"]} | served(config)
    retained = kept(request)
    before = {variant["VariantName"]: variant for variant in old["ProductionVariants"]}
    for variant in new["ProductionVariants"]:
        same = before.get(variant["VariantName"], {})
        variant.update({field: same[field] for field in retained if field in same})
    if "DataCaptureConfig" in retained:
        new["DataCaptureConfig"] = old.get("DataCaptureConfig")
    if "DeploymentConfig" in request:
        new["LastDeploymentConfig"] = request["DeploymentConfig"]
    elif not request.get("RetainDeploymentConfig", False):
        new.pop("LastDeploymentConfig", None)
    return new


def summary(variant: Document) -> Document:
    """Return what DescribeEndpoint tells of one variant."""
    weight = variant.get("InitialVariantWeight", 1.0)
    told: Document = {"VariantName": variant["VariantName"], "CurrentWeight": weight, "DesiredWeight": weight}
    if (count := variant.get("InitialInstanceCount")) is not None:
        told |= {"CurrentInstanceCount": count, "DesiredInstanceCount": count}
    if serverless := variant.get("ServerlessConfig"):
        told |= {"CurrentServerlessConfig": serverless, "DesiredServerlessConfig": serverless}
    return told
