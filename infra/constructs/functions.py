"""One Lambda function with a role, a log group and dead letters of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from aws_cdk import Duration, RemovalPolicy, aws_iam, aws_kms, aws_lambda, aws_logs, aws_sqs
from constructs import Construct

from infra.bundling import ANALYSIS, LIGHT, code, runtime
from infra.config import EndpointConfig, FleetConfig
from infra.constructs.nag import acknowledge, acknowledge_nist, acknowledge_wildcard
from infra.constructs.permissions import Grant, service_role

RETENTION: Final = {
    "1w": aws_logs.RetentionDays.ONE_WEEK,
    "1mo": aws_logs.RetentionDays.ONE_MONTH,
    "3mo": aws_logs.RetentionDays.THREE_MONTHS,
    "1y": aws_logs.RetentionDays.ONE_YEAR,
}
_ARCHITECTURES: Final = {"x86_64": aws_lambda.Architecture.X86_64, "arm64": aws_lambda.Architecture.ARM_64}
_LIGHT_MEMORY_MIB: Final = 512
_LIGHT_TIMEOUT_SECONDS: Final = 60


class MonitorFunction(Construct):
    """One of the functions under `functions/`.

    Parameters
    ----------
    name : str
        Folder under `functions/`.
    environment : mapping of str to str
        Settings, as docs/functions.md lists them.
    grants : iterable of Grant
        Everything the function may do beside logging and tracing.
    dead_letters : Queue, optional
        For functions that are started by events: what they fail on ends there.
    timeout_seconds : int, optional
        Left out: as configured for functions that analyse, a minute for the others.

    Attributes
    ----------
    role : Role
        What it may do.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        config: EndpointConfig | FleetConfig,
        key: aws_kms.IKey,
        grants: Iterable[Grant],
        environment: Mapping[str, str] | None = None,
        dead_letters: aws_sqs.IQueue | None = None,
        timeout_seconds: int | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        bundle = ANALYSIS if name in ANALYSIS.functions else LIGHT
        machine = config.runtime.function
        usual = machine.timeout_seconds if bundle is ANALYSIS else _LIGHT_TIMEOUT_SECONDS
        logs = log_group(self, "Logs", config=config, key=key)
        self.role = self._role(logs, key, grants)
        self.function = aws_lambda.Function(
            self,
            "Function",
            description=f"Watchkeeper, {config.title}: {name}",
            runtime=runtime(),
            architecture=_ARCHITECTURES[machine.architecture],
            code=code(bundle, machine.architecture),
            handler=f"functions.{name}.handler.handler",
            role=self.role,
            memory_size=machine.memory_mib if bundle is ANALYSIS else _LIGHT_MEMORY_MIB,
            timeout=Duration.seconds(timeout_seconds or usual),
            environment={"POWERTOOLS_SERVICE_NAME": name, **(environment or {})},
            environment_encryption=key,
            tracing=aws_lambda.Tracing.ACTIVE,
            log_group=logs,
            dead_letter_queue=dead_letters,
            max_event_age=Duration.hours(6) if dead_letters else None,
            retry_attempts=2 if dead_letters else None,
        )
        acknowledge(self.function, "L1", "The functions run the Python that they are tested with.")
        if dead_letters is None:
            acknowledge_nist(self.function, "LambdaDLQ", "Whoever calls it, waits for it and is told when it fails.")

    def _role(self, logs: aws_logs.ILogGroup, key: aws_kms.IKey, grants: Iterable[Grant]) -> aws_iam.Role:
        role = service_role(self, "Role", "lambda", [*grants, Grant(("kms:Decrypt",), (key.key_arn,))])
        logs.grant_write(role)
        acknowledge_wildcard(role, "*", "X-Ray has no resources to name.")
        return role


def log_group(
    scope: Construct, construct_id: str, *, config: EndpointConfig | FleetConfig, key: aws_kms.IKey
) -> aws_logs.LogGroup:
    """Declare an encrypted log group that forgets."""
    return aws_logs.LogGroup(
        scope,
        construct_id,
        encryption_key=key,
        retention=RETENTION[config.runtime.log_retention],
        removal_policy=RemovalPolicy.DESTROY,
    )
