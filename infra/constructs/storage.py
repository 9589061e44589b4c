"""Key and bucket, of one endpoint or of a fleet, and where things are in the bucket (docs/interfaces.md)."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import Duration, RemovalPolicy, Stack, aws_iam, aws_kms, aws_s3
from constructs import Construct

from infra.config import EndpointConfig, FleetConfig
from infra.constructs.emptying import EmptiedBucket
from infra.constructs.nag import acknowledge, acknowledge_nist
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
    def analysis_configs(self) -> str:
        """What Clarify is to analyse, by monitor and content."""
        return f"analysis-config/{self.endpoint}/"

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
        return f"retraining/{self.endpoint}/"

    @property
    def identity(self) -> str:
        """What the endpoint served, by deployment."""
        return f"identity/{self.endpoint}/"

    @property
    def ledger(self) -> str:
        """What was sealed, day by day."""
        return f"ledger/{self.endpoint}/"

    @property
    def review(self) -> str:
        """Predictions that people are asked about; deleted with the captured records."""
        return f"review/{self.endpoint}/"

    @property
    def experiments(self) -> str:
        """Steps, windows and pages of experiments."""
        return f"experiments/{self.endpoint}/"

    @property
    def work(self) -> str:
        """What jobs get and hand over; deleted after a week."""
        return f"work/{self.endpoint}/"


@dataclass(frozen=True, slots=True)
class Storage:
    """Where one endpoint keeps its data.

    Attributes
    ----------
    key : IKey
        Encrypts everything of the endpoint.
    bucket : IBucket
        Its own, or the fleet's.
    removal_policy : RemovalPolicy
        For whatever holds data.
    """

    key: aws_kms.IKey
    bucket: aws_s3.IBucket
    layout: Layout
    removal_policy: RemovalPolicy

    def uri(self, key: str) -> str:
        """Return the S3 URI of a key or prefix of the bucket."""
        return f"s3://{self.bucket.bucket_name}/{key}"


class DataBucket(Construct):
    """Encryption key, bucket and access logs, of an endpoint or of a fleet.

    Attributes
    ----------
    key : Key
        Rotated every year. Its policy leaves roles to IAM, so it does not grow with the endpoints.
    bucket : Bucket
        TLS only, no public access, versioned.
    emptied : EmptiedBucket or None
        With `on_delete: destroy`. Whatever writes into the bucket has to depend on it, to be deleted before.
    """

    def __init__(self, scope: Construct, construct_id: str, *, config: EndpointConfig | FleetConfig) -> None:
        super().__init__(scope, construct_id)
        self._kept = removal_policy(config)
        self.key = self._key(config.title)
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
            removal_policy=self._kept,
            lifecycle_rules=[
                aws_s3.LifecycleRule(
                    id="capture", prefix="capture/", expiration=Duration.days(config.capture.retention_days)
                ),
                aws_s3.LifecycleRule(
                    id="review", prefix="review/", expiration=Duration.days(config.capture.retention_days)
                ),
                aws_s3.LifecycleRule(id="work", prefix="work/", expiration=Duration.days(7)),
                *self._report_retention(config.governance.report_retention_days),
                aws_s3.LifecycleRule(
                    id="old-versions",
                    noncurrent_version_expiration=Duration.days(30),
                    abort_incomplete_multipart_upload_after=Duration.days(7),
                ),
            ],
        )
        self.emptied = self._emptied(config, access_logs) if self._kept == RemovalPolicy.DESTROY else None

    def _report_retention(self, days: int | None) -> list[aws_s3.LifecycleRule]:
        if days is None:
            return []
        return [aws_s3.LifecycleRule(id="reports", prefix="reports/", expiration=Duration.days(days))]

    def _emptied(self, config: EndpointConfig | FleetConfig, access_logs: aws_s3.Bucket) -> EmptiedBucket:
        """Empty both buckets: that of the logs after the other is gone, whose own end is logged, too."""
        logs = EmptiedBucket(self, "EmptiedAccessLogs", config=config, key=self.key, bucket=access_logs)
        self.bucket.node.add_dependency(logs)
        return EmptiedBucket(self, "EmptiedBucket", config=config, key=self.key, bucket=self.bucket)

    def _key(self, title: str) -> aws_kms.Key:
        key = aws_kms.Key(
            self,
            "Key",
            description=f"Watchkeeper, {title}",
            enable_key_rotation=True,
            removal_policy=self._kept,
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
            removal_policy=self._kept,
            lifecycle_rules=[aws_s3.LifecycleRule(id="access-logs", expiration=Duration.days(90))],
        )
        acknowledge(bucket, "S1", "The bucket of access logs does not log access to itself.")
        acknowledge_nist(bucket, "S3DefaultEncryptionKMS", "S3 delivers access logs with keys of its own only.")
        acknowledge_nist(bucket, "S3BucketVersioningEnabled", "S3 writes each log under a name of its own, once.")
        return bucket


def removal_policy(config: EndpointConfig | FleetConfig) -> RemovalPolicy:
    """Return what becomes of whatever holds data when its stack is deleted."""
    return RemovalPolicy.DESTROY if config.runtime.on_delete == "destroy" else RemovalPolicy.RETAIN
