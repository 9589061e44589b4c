"""What `on_delete: destroy` needs: CloudFormation deletes a bucket only when nothing is in it."""

from __future__ import annotations

from typing import Final

from aws_cdk import CustomResource, Duration, RemovalPolicy, Tags, aws_kms, aws_s3
from constructs import Construct

from infra.config import EndpointConfig, FleetConfig
from infra.constructs.functions import MonitorFunction
from infra.constructs.permissions import Grant

_RESOURCE_TYPE: Final = "Custom::WatchkeeperBucketContents"
_TIMEOUT_SECONDS: Final = 900
_ANSWER_MARGIN_SECONDS: Final = 60
_REASON: Final = "All that is in the bucket goes when the stack is deleted; on_delete: destroy asks for it."


class EmptiedBucket(Construct):
    """Empties a bucket before it is deleted, by a function that may do so with this bucket alone.

    Whatever writes into the bucket has to depend on this, to be deleted before.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: EndpointConfig | FleetConfig,
        key: aws_kms.IKey,
        bucket: aws_s3.Bucket,
    ) -> None:
        super().__init__(scope, construct_id)
        Tags.of(bucket).add("watchkeeper:on-delete", "destroy")  # the function asks the bucket itself
        function = MonitorFunction(
            self,
            "Function",
            name="empty_bucket",
            config=config,
            key=key,
            grants=[
                Grant(("s3:GetBucketTagging", "s3:ListBucketVersions"), (bucket.bucket_arn,)),
                Grant(("s3:DeleteObject", "s3:DeleteObjectVersion"), (bucket.arn_for_objects("*"),), wildcard=_REASON),
            ],
            timeout_seconds=_TIMEOUT_SECONDS,
        )
        contents = CustomResource(
            self,
            "Contents",
            resource_type=_RESOURCE_TYPE,
            service_token=function.function.function_arn,
            service_timeout=Duration.seconds(_TIMEOUT_SECONDS + _ANSWER_MARGIN_SECONDS),
            removal_policy=RemovalPolicy.DESTROY,
            properties={"Bucket": bucket.bucket_name},
        )
        contents.node.add_dependency(function)
