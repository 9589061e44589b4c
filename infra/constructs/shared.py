"""How the stacks of a fleet's endpoints find what they share: SSM parameters with names that follow from the fleet's.

CloudFormation resolves them at every deployment. Exports would tie the stacks together instead: what one stack
imports, the other can neither change nor stop to export, and CDK stops to export what no file given at the moment
imports. What must not be lost is kept by its removal policy and by the termination protection of the shared stack.
"""

from __future__ import annotations

from typing import Final

from aws_cdk import aws_dynamodb, aws_kms, aws_s3, aws_sns, aws_ssm
from constructs import Construct

from infra.constructs.image import ProductImage

_BUCKET_NAME: Final = "bucket-name"
_KEY_ARN: Final = "key-arn"
_TOPIC_ARN: Final = "topic-arn"
_TURNS_TABLE: Final = "turns-table"
_IMAGE_URI: Final = "image-uri"
_IMAGE_REPOSITORY_ARN: Final = "image-repository-arn"


def publish(
    scope: Construct,
    fleet: str,
    *,
    key: aws_kms.IKey,
    bucket: aws_s3.IBucket,
    topic: aws_sns.ITopic,
    turns: aws_dynamodb.ITable,
    image: ProductImage | None,
) -> None:
    """Let the endpoints of the fleet find what they share."""
    values = {_BUCKET_NAME: bucket.bucket_name, _KEY_ARN: key.key_arn, _TOPIC_ARN: topic.topic_arn}
    values[_TURNS_TABLE] = turns.table_name
    if image:
        values |= {_IMAGE_URI: image.uri, _IMAGE_REPOSITORY_ARN: image.repository_arn}
    for name, value in values.items():
        aws_ssm.StringParameter(scope, f"Parameter-{name}", parameter_name=_path(fleet, name), string_value=value)


def shared_image(scope: Construct, fleet: str) -> ProductImage:
    """Return the image of the fleet; where it has none, the deployment says which parameter is missing."""
    uri, repository_arn = (
        aws_ssm.StringParameter.value_for_string_parameter(scope, _path(fleet, name))
        for name in (_IMAGE_URI, _IMAGE_REPOSITORY_ARN)
    )
    return ProductImage(uri, repository_arn)


def shared_turns(scope: Construct, fleet: str) -> str:
    """Return the name of the table by which the fleet's jobs take turns."""
    return aws_ssm.StringParameter.value_for_string_parameter(scope, _path(fleet, _TURNS_TABLE))


class SharedResources(Construct):
    """What a fleet shares, as one of its endpoints sees it.

    Attributes
    ----------
    key : IKey
        Encrypts everything.
    bucket : IBucket
        Holds the data of every endpoint, each below prefixes of its own.
    topic : ITopic
        Tells people about every endpoint.
    emptied : None
        The bucket stays when an endpoint goes.
    """

    emptied: None = None

    def __init__(self, scope: Construct, construct_id: str, *, fleet: str) -> None:
        super().__init__(scope, construct_id)
        key_arn, bucket_name, topic_arn = (
            aws_ssm.StringParameter.value_for_string_parameter(self, _path(fleet, name))
            for name in (_KEY_ARN, _BUCKET_NAME, _TOPIC_ARN)
        )
        self.key = aws_kms.Key.from_key_arn(self, "Key", key_arn)
        self.bucket = aws_s3.Bucket.from_bucket_name(self, "Bucket", bucket_name)
        self.topic = aws_sns.Topic.from_topic_arn(self, "Topic", topic_arn)


def _path(fleet: str, name: str) -> str:
    return f"/watchkeeper/{fleet}/{name}"
