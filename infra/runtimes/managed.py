"""Runtime `managed`: the same spec as a Model Monitor schedule with Amazon's prebuilt analyzer.

Thresholds travel in the baseline's `constraints.json`, which is made from the same spec as for every
other runtime; `infra.config.managed` refuses what that file cannot say. Job definitions cannot be changed, only
replaced, so their names carry a hash of what they hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aws_cdk import (
    CustomResource,
    Duration,
    Lazy,
    aws_events,
    aws_events_targets,
    aws_iam,
    aws_sagemaker,
    aws_sns,
    aws_sqs,
)
from constructs import Construct

from infra.config import EndpointConfig
from infra.config.instances import has_local_storage
from infra.config.monitors import Monitor
from infra.constructs.baseline import Baselines, baseline_properties
from infra.constructs.permissions import (
    Place,
    decrypt,
    list_objects,
    objects,
    pull_repository,
    put_metrics,
    service_role,
    use_volume_key,
    write_job_logs,
)
from infra.constructs.storage import Storage
from infra.managed.images import ANALYZER_ACCOUNTS, AnalyzerImage
from infra.managed.naming import ContentName
from infra.runtimes.function import capture_prefix
from monitoring_core.metric_names import AwsNamespace, schedule_name

_Definition = aws_sagemaker.CfnDataQualityJobDefinition
_Schedule = aws_sagemaker.CfnMonitoringSchedule
_LOCAL = "/opt/ml/processing"
_NAMESPACES = (
    AwsNamespace.ENDPOINT_DATA_QUALITY,
    "aws/sagemaker/Endpoint/data-metrics",
    "/aws/sagemaker/Endpoints/data-metric",
    "/aws/sagemaker/Endpoint/data-metrics",
)
"""The analyzer publishes to the first; Amazon's documentation also has the others (contract 8.1)."""


class ManagedRuntime(Construct):
    """Job definitions and monitoring schedules of the monitors that Model Monitor runs."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: EndpointConfig,
        monitors: Sequence[Monitor],
        storage: Storage,
        baselines: Baselines,
    ) -> None:
        super().__init__(scope, construct_id)
        self._config, self._storage = config, storage
        self._image = AnalyzerImage(self, "Image")
        self._job_role = self._role()
        self.schedules = [self._schedule(monitor, baselines) for monitor in monitors]

    def report_failures(self, topic: aws_sns.ITopic, dead_letters: aws_sqs.IQueue) -> None:
        """Tell people when an analysis job of this endpoint fails."""
        outputs = {"S3Output": {"S3Uri": [{"prefix": self._storage.uri(self._storage.layout.reports)}]}}
        rule = aws_events.Rule(
            self,
            "JobFailed",
            description=f"A Model Monitor job of {self._config.endpoint.name} has failed",
            event_pattern=aws_events.EventPattern(
                source=["aws.sagemaker"],
                detail_type=["SageMaker Processing Job State Change"],
                detail={"ProcessingJobStatus": ["Failed", "Stopped"], "ProcessingOutputConfig": {"Outputs": outputs}},
            ),
        )
        job = aws_events.EventField.from_path("$.detail.ProcessingJobName")
        reason = aws_events.EventField.from_path("$.detail.FailureReason")
        text = f"{self._config.endpoint.name}: the Model Monitor job {job} has failed: {reason}"
        rule.add_target(
            aws_events_targets.SnsTopic(
                topic,
                message=aws_events.RuleTargetInput.from_text(text),
                dead_letter_queue=dead_letters,
                retry_attempts=10,
                max_event_age=Duration.hours(6),
            )
        )

    def _schedule(self, monitor: Monitor, baselines: Baselines) -> _Schedule:
        definition = self._definition(monitor, baselines)
        schedule = _Schedule(
            self,
            f"Schedule-{monitor.name}",
            monitoring_schedule_name=schedule_name(self._config.endpoint.name, monitor.name),
            monitoring_schedule_config=_Schedule.MonitoringScheduleConfigProperty(
                monitoring_job_definition_name=definition.job_definition_name,
                monitoring_type="DataQuality",
                schedule_config=_Schedule.ScheduleConfigProperty(
                    schedule_expression=monitor.schedule.managed_expression or ""
                ),
            ),
        )
        schedule.node.add_dependency(definition)
        return schedule

    def _definition(self, monitor: Monitor, baselines: Baselines) -> _Definition:
        held = {"role_arn": self._job_role.role_arn, **self._held(baselines.by_monitor[monitor.name])}
        definition = _Definition(self, f"Definition-{monitor.name}", **held)
        definition.job_definition_name = Lazy.string(
            ContentName(
                schedule_name(self._config.endpoint.name, monitor.name),
                definition,
                definition.tags,
                [held, baseline_properties(self._config, monitor), ANALYZER_ACCOUNTS],
            )
        )
        definition.node.add_dependency(self._job_role)
        return definition

    def _held(self, baseline: CustomResource) -> dict[str, Any]:
        """Return what the job definition says about its job."""
        machine = self._config.runtime.managed
        local = has_local_storage(machine.instance_type)  # whose disks SageMaker refuses to encrypt with a key
        return {
            "data_quality_app_specification": _Definition.DataQualityAppSpecificationProperty(
                image_uri=self._image.uri, environment={"publish_cloudwatch_metrics": "Enabled"}
            ),
            "data_quality_baseline_config": _Definition.DataQualityBaselineConfigProperty(
                constraints_resource=_Definition.ConstraintsResourceProperty(
                    s3_uri=baseline.get_att_string("ConstraintsUri")
                ),
                statistics_resource=_Definition.StatisticsResourceProperty(
                    s3_uri=baseline.get_att_string("StatisticsUri")
                ),
            ),
            "data_quality_job_input": _Definition.DataQualityJobInputProperty(
                endpoint_input=_Definition.EndpointInputProperty(
                    endpoint_name=self._config.endpoint.name, local_path=f"{_LOCAL}/input/endpoint"
                )
            ),
            "data_quality_job_output_config": _Definition.MonitoringOutputConfigProperty(
                kms_key_id=self._storage.key.key_arn, monitoring_outputs=[self._output()]
            ),
            "job_resources": _Definition.MonitoringResourcesProperty(
                cluster_config=_Definition.ClusterConfigProperty(
                    instance_count=machine.instance_count,
                    instance_type=machine.instance_type,
                    volume_size_in_gb=machine.volume_gib,
                    volume_kms_key_id=None if local else self._storage.key.key_arn,
                )
            ),
            "network_config": _Definition.NetworkConfigProperty(
                enable_inter_container_traffic_encryption=True, enable_network_isolation=True
            ),
            "stopping_condition": _Definition.StoppingConditionProperty(max_runtime_in_seconds=machine.timeout_seconds),
        }

    def _output(self) -> _Definition.MonitoringOutputProperty:
        """SageMaker adds `<endpoint>/<schedule>/yyyy/mm/dd/hh` to the prefix."""
        output = _Definition.S3OutputProperty(
            local_path=f"{_LOCAL}/output", s3_uri=self._storage.uri("reports"), s3_upload_mode="EndOfJob"
        )
        return _Definition.MonitoringOutputProperty(s3_output=output)

    def _role(self) -> aws_iam.Role:
        layout, bucket = self._storage.layout, self._storage.bucket.bucket_name
        capture = Place.of(capture_prefix(self._config, self._storage))
        baselines, reports = Place(bucket, layout.baselines), Place(bucket, layout.reports)
        capture_keys = [self._config.capture.kms_key] if self._config.capture.kms_key else []
        grants = [
            *list_objects(self, [capture, baselines, reports]),
            objects(self, [capture, baselines], "GetObject"),
            objects(self, [reports], "PutObject"),
            *use_volume_key(self._storage.key.key_arn),
            *decrypt(*capture_keys),
            put_metrics(*_NAMESPACES),
            write_job_logs(self, "ProcessingJobs"),
            *pull_repository(self._image.repository_arn),
        ]
        return service_role(self, "JobRole", "sagemaker", grants)
