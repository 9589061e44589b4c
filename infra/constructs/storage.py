"""One key and one bucket per stack, and where things are in the bucket (docs/interfaces.md)."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import Duration, RemovalPolicy, Stack, aws_iam, aws_kms, aws_s3
from constructs import Construct

from infra.config import EndpointConfig
from infra.constructs.emptying import EmptiedBucket
from infra.constructs.nag import acknowledge
from infra.constructs.permissions import COLON

_LOG_VERBS = (
    "Decrypt",
    "DescribeKey",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "ReEncryptFrom",
    "ReEncryptTo",
)
"""What CloudWatch Logs documents as `Encrypt*`, `Decrypt*`, `ReEncrypt*`, `GenerateDataKey*` and `Describe*`, for a
symmetric key."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Keys of the bucket for one endpoint."""

    endpoint: str

    @property
    def capture(self) -> str:
        """Data capture."""
        return f"capture/{self.endpoint}/"

    @property
    def ground_truth(self) -> str:
        """Labels."""
        return f"ground-truth/{self.endpoint}/"

    @property
    def baselines(self) -> str:
        """Baselines of all monitors."""
        return f"baselines/{self.endpoint}/"

    @property
    def reports(self) -> str:
        """Reports of all monitors."""
        return f"reports/{self.endpoint}/"

    @property
    def history(self) -> str:
        """Measurements of all runs."""
        return f"history/endpoint={self.endpoint}/"

    @property
    def retraining(self) -> str:
        """Evidence and work of retraining."""
        return "retraining/"


class Storage(Construct):
    """Encryption key, bucket and access logs.

    Attributes
    ----------
    key : Key
        Encrypts everything of the stack; rotated every year.
    bucket : Bucket
        TLS only, no public access, versioned.
    removal_policy : RemovalPolicy
        For whatever holds data.
    emptied : EmptiedBucket or None
        With `on_delete: destroy`. Whatever writes into the bucket has to depend on it, to be deleted before.
    """

    def __init__(self, scope: Construct, construct_id: str, *, config: EndpointConfig) -> None:
        super().__init__(scope, construct_id)
        destroy = config.runtime.on_delete == "destroy"
        self.removal_policy = RemovalPolicy.DESTROY if destroy else RemovalPolicy.RETAIN
        self.layout = Layout(config.endpoint.name)
        self.key = self._key(config.endpoint.name)
        access_logs = self._access_logs()
        self.bucket = aws_s3.Bucket(
            self,
            "Bucket",
            encryption=aws_s3.BucketEncryption.KMS,
            encryption_key=self.key,
            bucket_key_enabled=True,
            enforce_ssl=True,
            block_public_access=aws_s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=aws_s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            versioned=True,
            server_access_logs_bucket=access_logs,
            server_access_logs_prefix="data/",
            removal_policy=self.removal_policy,
            lifecycle_rules=[
                aws_s3.LifecycleRule(
                    id="capture", prefix="capture/", expiration=Duration.days(config.capture.retention_days)
                ),
                aws_s3.LifecycleRule(
                    id="old-versions",
                    noncurrent_version_expiration=Duration.days(30),
                    abort_incomplete_multipart_upload_after=Duration.days(7),
                ),
            ],
        )

        self.emptied = self._emptied(config, access_logs) if destroy else None

    def uri(self, key: str) -> str:
        """Return the S3 URI of a key or prefix of the bucket."""
        return f"s3://{self.bucket.bucket_name}/{key}"

    def _emptied(self, config: EndpointConfig, access_logs: aws_s3.Bucket) -> EmptiedBucket:
        """Empty both buckets: that of the logs after the other is gone, whose own end is logged, too."""
        logs = EmptiedBucket(self, "EmptiedAccessLogs", config=config, key=self.key, bucket=access_logs)
        self.bucket.node.add_dependency(logs)
        return EmptiedBucket(self, "EmptiedBucket", config=config, key=self.key, bucket=self.bucket)

    def _key(self, endpoint: str) -> aws_kms.Key:
        key = aws_kms.Key(
            self,
            "Key",
            description=f"Watchkeeper, endpoint {endpoint}",
            enable_key_rotation=True,
            removal_policy=self.removal_policy,
        )
        stack = Stack.of(self)
        key.add_to_resource_policy(
            aws_iam.PolicyStatement(  # alarms publish to the encrypted topic; SNS asks in their name
                principals=[aws_iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=["*"],
                conditions={"StringEqualsIfExists": {"aws:SourceAccount": stack.account}},
            )
        )
        logs = stack.format_arn(service="logs", resource="log-group", resource_name="*", arn_format=COLON)
        key.add_to_resource_policy(
            aws_iam.PolicyStatement(
                principals=[aws_iam.ServicePrincipal(f"logs.{stack.region}.{stack.url_suffix}")],
                actions=[f"kms:{verb}" for verb in _LOG_VERBS],
                resources=["*"],
                conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": logs}},
            )
        )
        return key

    def _access_logs(self) -> aws_s3.Bucket:
        bucket = aws_s3.Bucket(
            self,
            "AccessLogs",
            encryption=aws_s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            block_public_access=aws_s3.BlockPublicAccess.BLOCK_ALL,
            removal_policy=self.removal_policy,
            lifecycle_rules=[aws_s3.LifecycleRule(id="access-logs", expiration=Duration.days(90))],
        )
        acknowledge(bucket, "S1", "The bucket of access logs does not log access to itself.")
        return bucket
