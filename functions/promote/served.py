"""Reads from the account what an endpoint serves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from functions.common.clients import client
from functions.common.storage import split_uri
from functions.promote.identity import ServedCapture, ServedContainer, ServedIdentity, ServedVariant


def read_identity(endpoint: str) -> ServedIdentity:
    """Follow an endpoint to its configuration, models, packages, artifacts and images."""
    sagemaker = client("sagemaker")
    live = sagemaker.describe_endpoint(EndpointName=endpoint)
    config = sagemaker.describe_endpoint_config(EndpointConfigName=live["EndpointConfigName"])
    running = {variant["VariantName"]: variant for variant in live.get("ProductionVariants", ())}
    return ServedIdentity(
        endpoint=endpoint,
        config_name=live["EndpointConfigName"],
        kms_key=config.get("KmsKeyId", ""),
        capture=_capture(live.get("DataCaptureConfig")),
        variants=tuple(_variant(one, running.get(one["VariantName"], {})) for one in config["ProductionVariants"]),
    )


def _capture(told: Mapping[str, Any] | None) -> ServedCapture:
    if not told:
        return ServedCapture(enabled=False)
    return ServedCapture(
        enabled=told["EnableCapture"] and told.get("CaptureStatus") != "Stopped",
        percentage=told["CurrentSamplingPercentage"],
        destination=told["DestinationS3Uri"],
        kms_key=told.get("KmsKeyId", ""),
    )


def _variant(config: Mapping[str, Any], running: Mapping[str, Any]) -> ServedVariant:
    model = client("sagemaker").describe_model(ModelName=config["ModelName"])
    resolved = {one["SpecifiedImage"]: one["ResolvedImage"] for one in running.get("DeployedImages", ())}
    containers, packages = list[ServedContainer](), list[Mapping[str, Any]]()
    for container in model.get("Containers") or [model["PrimaryContainer"]]:
        if name := container.get("ModelPackageName"):
            packages.append(client("sagemaker").describe_model_package(ModelPackageName=name))
            inside = packages[-1]["InferenceSpecification"]["Containers"]
        else:
            inside = [container]
        containers += [_container(one, resolved) for one in inside]
    return ServedVariant(
        name=config["VariantName"],
        model=config["ModelName"],
        package=packages[0]["ModelPackageArn"] if packages else "",
        approval=packages[0].get("ModelApprovalStatus", "") if packages else "",
        weight=running.get("CurrentWeight", config.get("InitialVariantWeight", 1.0)),
        instance_type=config.get("InstanceType", ""),
        containers=tuple(containers),
    )


def _container(told: Mapping[str, Any], resolved: Mapping[str, str]) -> ServedContainer:
    image, artifact = told.get("Image", ""), told.get("ModelDataUrl", "")
    digest = resolved.get(image) or told.get("ImageDigest") or (image.partition("@")[2] if "@" in image else "")
    return ServedContainer(
        image=image, image_digest=digest, artifact=artifact, artifact_digest=_digest(artifact) if artifact else ""
    )


def _digest(uri: str) -> str:
    """Return what S3 knows of an object's content without reading it; a missing object has no digest."""
    bucket, key = split_uri(uri)
    try:
        head = client("s3").head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"404", "NoSuchKey"}:
            raise
        return ""
    if sha256 := head.get("ChecksumSHA256"):
        return f"sha256:{sha256}"
    return f"etag:{head['ETag'].strip(chr(34))}"
