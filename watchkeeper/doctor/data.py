"""The baseline's data, the labels, and the images."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from botocore.exceptions import ClientError

from functions.common.clients import client
from functions.common.storage import split_uri
from infra.config import EndpointConfig
from watchkeeper.doctor.finding import Finding, failed, ok, warning

_IMAGE: Final = re.compile(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.[^/]+/([^:@]+)(?:[:@](.+))?")
_MISSING: Final = frozenset({"ImageNotFoundException", "RepositoryNotFoundException"})


def baseline(config: EndpointConfig) -> Iterator[Finding]:
    """Look at every object that a baseline is made of."""
    own = (config.baseline.dataset, config.baseline.statistics, config.baseline.constraints)
    of_monitors = (uri for monitor in config.monitors for uri in monitor.sources)
    for uri in dict.fromkeys(filter(None, (*own, *of_monitors))):
        bucket, key = split_uri(str(uri))
        try:
            size = client("s3").head_object(Bucket=bucket, Key=key)["ContentLength"]
        except ClientError as error:
            code = error.response["Error"]["Code"]
            why = "does not exist" if code in {"404", "NoSuchKey", "NoSuchBucket"} else f"cannot be read ({code})"
            yield failed("baseline", f"{uri} {why}", "check the URI; a key of your own belongs in `decrypt_keys`")
        else:
            yield ok("baseline", f"{uri}, {size:,} bytes")


def labels(config: EndpointConfig) -> Iterator[Finding]:
    """Look for labels, where a monitor reads any."""
    prefix = config.ground_truth.prefix
    if prefix is None or not any(monitor.needs_labels for monitor in config.monitors):
        return
    bucket, key = split_uri(prefix)
    found = client("s3").list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1)
    if found["KeyCount"]:
        yield ok("labels", f"there are some below {prefix}")
    else:
        advice = "upload them as yyyy/mm/dd/hh/*.jsonl of the hour in which they were collected"
        yield warning("labels", f"nothing below {prefix}", advice)


def images(config: EndpointConfig) -> Iterator[Finding]:
    """Look up the images of the configuration in their registries."""
    variants = config.created.variants if config.created else ()
    processing = config.processing.image if config.processing else ""
    for image in dict.fromkeys([*(str(variant.model.image) for variant in variants), processing]):
        named = _IMAGE.fullmatch(image)
        if named is None:
            continue  # built at deployment
        account, region, repository, version = named.groups()
        yield from _image(image, account, region, repository, version or "latest")


def _image(image: str, account: str, region: str, repository: str, version: str) -> Iterator[Finding]:
    registry = client("ecr")
    if region != registry.meta.region_name:
        yield warning("image", f"{image} is in another region", "SageMaker pulls from its own region only: copy it")
        return
    which = {"imageDigest": version} if version.startswith("sha256:") else {"imageTag": version}
    try:
        registry.describe_images(registryId=account, repositoryName=repository, imageIds=[which])
    except ClientError as error:
        if error.response["Error"]["Code"] not in _MISSING:
            raise
        yield failed("image", f"{image} does not exist", "check repository and tag, or push it")
    else:
        yield ok("image", image)
