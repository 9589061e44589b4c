"""Our own processing jobs: their role, the state that starts one and waits for it, and what that needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from aws_cdk import Duration, Stack, aws_iam, aws_stepfunctions
from constructs import Construct

from infra.config import EndpointConfig
from infra.config.instances import has_local_storage
from infra.config.network import JobNetwork
from infra.config.runtime import JobRuntime
from infra.constructs.image import ProductImage
from infra.constructs.permissions import (
    Grant,
    Place,
    attach_network,
    decrypt,
    list_objects,
    objects,
    pull_repository,
    service_role,
    use_volume_key,
    write_job_logs,
)
from infra.constructs.storage import Storage
from infra.runtimes.run_specs import capture_keys, captured_places, ground_truth_prefixes

_OUTPUT: Final = "/opt/ml/processing/output"
_NAME_CHARACTERS: Final = 40
"""How much of the endpoint's name is taken into the names of jobs."""
_THROTTLED: Final = "SageMaker.AmazonSageMakerException"
_FULL: Final = "SageMaker.ResourceLimitExceededException"
FULL_SECONDS: Final = 3600
"""How long a job waits for its turn when the account's quota of machines is used up."""
START_SECONDS: Final = 1800
"""How long SageMaker takes to start a job."""
_FULL_INTERVAL_SECONDS: Final = 120


@dataclass(frozen=True, slots=True)
class JobData:
    """What jobs read beside what was written down for them.

    Attributes
    ----------
    keys : tuple of str
        Keys of others that encrypt it.
    """

    places: tuple[Place, ...]
    keys: tuple[str, ...]


class OwnJobs(Construct):
    """Jobs of one kind: they read and write below the prefix of work.

    Parameters
    ----------
    data : JobData
        What they read.
    arguments : sequence of str
        What the image's entry point is called with.

    Attributes
    ----------
    timeout_seconds : int
        Longest run of one.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: EndpointConfig,
        storage: Storage,
        machines: JobRuntime,
        image: ProductImage,
        data: JobData,
        arguments: Sequence[str] = (),
    ) -> None:
        super().__init__(scope, construct_id)
        self._config, self._storage, self._machines, self._image = config, storage, machines, image
        self._arguments, self.timeout_seconds = list(arguments), machines.timeout_seconds
        self._role = self._job_role(data)

    def state(self, scope: Construct, name: str) -> aws_stepfunctions.CustomState:
        """Return the state that runs the job that ``$.job`` describes; whatever it hands over is in the bucket."""
        definition = {
            "Type": "Task",
            "Resource": f"arn:{Stack.of(self).partition}:states:::sagemaker:createProcessingJob.sync",
            "Parameters": self._request(),
            "ResultPath": aws_stepfunctions.JsonPath.DISCARD,
        }
        state = aws_stepfunctions.CustomState(scope, name, state_json=definition)
        full = aws_stepfunctions.JitterType.FULL
        state.add_retry(
            errors=[_THROTTLED],
            interval=Duration.seconds(2),
            max_attempts=8,
            backoff_rate=2,
            max_delay=Duration.minutes(2),
            jitter_strategy=full,
        )
        state.add_retry(
            errors=[_FULL],
            interval=Duration.seconds(_FULL_INTERVAL_SECONDS),
            max_attempts=FULL_SECONDS // _FULL_INTERVAL_SECONDS,
            backoff_rate=1,
            jitter_strategy=full,
        )
        return state

    def starter_grants(self) -> list[Grant]:
        """Return what the state machine needs to run a job and to wait for it."""
        stack = Stack.of(self)
        start = self._config.name[:_NAME_CHARACTERS]
        names = dict.fromkeys((start, start.lower()))  # SageMaker spells such names in lower case in some ARNs
        jobs = tuple(
            stack.format_arn(service="sagemaker", resource="processing-job", resource_name=f"{name}-*")
            for name in names
        )
        verbs = ("AddTags", "CreateProcessingJob", "DescribeProcessingJob", "ListTags", "StopProcessingJob")
        rule = "StepFunctionsGetEventsForSageMakerProcessingJobsRule"
        rule_arn = stack.format_arn(service="events", resource="rule", resource_name=rule)
        passed = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
        return [
            Grant(tuple(f"sagemaker:{verb}" for verb in verbs), jobs, wildcard="Jobs are named by endpoint and run."),
            Grant(("iam:PassRole",), (self._role.role_arn,), conditions=passed),
            Grant(("events:DescribeRule", "events:PutRule", "events:PutTargets"), (rule_arn,)),
        ]

    def _request(self) -> dict[str, Any]:
        """Return what `CreateProcessingJob` is called with; name, inputs and output come from the input."""
        output = {"S3Uri.$": "$.job.output", "LocalPath": _OUTPUT, "S3UploadMode": "EndOfJob"}
        application: dict[str, Any] = {"ImageUri": self._image.uri}
        if self._arguments:
            application["ContainerArguments"] = self._arguments
        return {
            "ProcessingJobName.$": "$.job.name",
            "ProcessingInputs.$": "$.job.inputs",
            "ProcessingOutputConfig": {
                "KmsKeyId": self._storage.key.key_arn,
                "Outputs": [{"OutputName": "states", "S3Output": output}],
            },
            "AppSpecification": application,
            "ProcessingResources": {"ClusterConfig": self._cluster()},
            "StoppingCondition": {"MaxRuntimeInSeconds": self._machines.timeout_seconds},
            "NetworkConfig": _network(self._machines.network),
            "RoleArn": self._role.role_arn,
            "Tags": [
                {"Key": "watchkeeper:endpoint", "Value": self._config.name},
                *({"Key": key, "Value": value} for key, value in self._config.governance.tags.items()),
            ],
        }

    def _cluster(self) -> dict[str, Any]:
        machines = self._machines
        local = has_local_storage(machines.instance_type)
        return {
            "InstanceCount": machines.instance_count,
            "InstanceType": machines.instance_type,
            "VolumeSizeInGB": machines.volume_gib,
            **({} if local else {"VolumeKmsKeyId": self._storage.key.key_arn}),
        }

    def _job_role(self, data: JobData) -> aws_iam.Role:
        storage, network = self._storage, self._machines.network
        work = Place(storage.bucket.bucket_name, storage.layout.work)
        read = [*data.places, work]
        grants = [
            *list_objects(self, read),
            objects(self, read, "GetObject"),
            objects(self, [work], "PutObject"),
            *use_volume_key(storage.key.key_arn),
            *decrypt(*data.keys),
            write_job_logs(self, "ProcessingJobs"),
            *pull_repository(self._image.repository_arn),
            *(attach_network(self, network.subnets, network.security_groups) if network.subnets else ()),
        ]
        return service_role(self, "Role", "sagemaker", grants)


def pass_data(config: EndpointConfig, storage: Storage) -> JobData:
    """Return what jobs read that fold a pass: captured data, labels and baselines."""
    labels = [Place.of(uri) for uri in ground_truth_prefixes(config, storage)]
    baselines = Place(storage.bucket.bucket_name, storage.layout.baselines)
    keys = (*capture_keys(config), *(config.decrypt_keys if labels else ()))
    return JobData((*captured_places(config, storage), baselines, *labels), keys)


def _network(network: JobNetwork) -> dict[str, Any]:
    inside = {"Subnets": list(network.subnets), "SecurityGroupIds": list(network.security_groups)}
    return {
        "EnableNetworkIsolation": network.isolated,
        "EnableInterContainerTrafficEncryption": network.encrypt_inter_container_traffic,
        **({"VpcConfig": inside} if network.subnets else {}),
    }
