"""What is remembered of every deployment of an endpoint, and of the champion that serves it."""

from __future__ import annotations

from enum import StrEnum

from functions.common.contract import Utc
from monitoring_core.spec import Frozen


class Source(StrEnum):
    """Who asked for a deployment."""

    APPROVAL = "approval"
    ROLLBACK = "rollback"
    DEPLOYMENT = "deployment"
    """The stack, by `cdk deploy`."""
    ADOPTED = "adopted"
    """An endpoint that was in service before it was watched."""


class Status(StrEnum):
    """How far a deployment is."""

    WAITING = "waiting"
    DEPLOYING = "deploying"
    WATCHING = "watching"
    """In service by a plain update; the alarms are still watched."""
    RETURNING = "returning"
    """An alarm rang while it was watched; the configuration before is being put back."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    REFUSED = "refused"

    @property
    def is_under_way(self) -> bool:
        """Whether the endpoint is changing, or is being watched after a change."""
        return self in {Status.DEPLOYING, Status.WATCHING, Status.RETURNING}


class Deployment(Frozen):
    """One deployment, as the table holds it.

    Attributes
    ----------
    package, version : str, int or None
        Model package and its number; empty where the stack's own model is deployed.
    identity : str
        What baselines are bound to: the model package, else what the configuration declares.
    declared : str
        Model of the configuration that it stands on.
    model_name, config_name, previous_config : str
        Names in SageMaker; the last is what was in service before.
    seen_at, updated_at : datetime or None
        When the endpoint had changed last as it was taken up, and when SageMaker accepted the update.
    alarms : tuple of str
        Alarms that take it back; those that rang before are not among them.
    shifting : str
        How the traffic moves, in words.
    watch_until : datetime or None
        Set where the update was plain: until then an alarm takes it back.
    dataset : str
        Data set that the model was trained on, if the package tells; baselines are made of it.
    baselines : str
        Where the pipeline that trained it has made its baselines, if the package tells.
    notes : tuple of str
        What could not be recorded of it, for people.
    told : Status or None
        The status that people have been told last.
    """

    endpoint: str
    deployment_id: str
    source: Source
    status: Status
    requested_at: Utc
    package: str = ""
    version: int | None = None
    identity: str = ""
    declared: str = ""
    model_name: str = ""
    config_name: str = ""
    previous_config: str = ""
    seen_at: Utc | None = None
    updated_at: Utc | None = None
    ended_at: Utc | None = None
    alarms: tuple[str, ...] = ()
    shifting: str = ""
    watch_until: Utc | None = None
    dataset: str = ""
    baselines: str = ""
    incident_id: str = ""
    reason: str = ""
    notes: tuple[str, ...] = ()
    told: Status | None = None

    @property
    def is_promotion(self) -> bool:
        """Whether it is promotion's own, rather than the stack's or one that was found."""
        return self.source in {Source.APPROVAL, Source.ROLLBACK}

    @property
    def is_untold(self) -> bool:
        """Whether people have to be told of its status; CloudFormation tells of what the stack deploys."""
        return self.is_promotion and self.status not in {Status.WAITING, Status.WATCHING, self.told}

    @property
    def title(self) -> str:
        """What messages call the model."""
        return f"the model {self.identity or self.model_name}" if self.version is None else f"version {self.version}"


class Champion(Frozen):
    """The SSM parameter: what is in service, by whose decision."""

    endpoint: str
    identity: str
    declared: str
    package: str = ""
    version: int | None = None
    model_name: str
    config_name: str
    deployment_id: str
    since: Utc
    dataset: str = ""
    baselines: str = ""
    identity_uri: str = ""

    @property
    def is_promoted(self) -> bool:
        """Whether it came from the registry after the stack had been deployed with another model."""
        return self.identity != self.declared


def champion_of(done: Deployment, since: Utc, identity_uri: str) -> Champion:
    """Return what becomes champion by a deployment that ended well."""
    return Champion(
        endpoint=done.endpoint,
        identity=done.identity,
        declared=done.declared,
        package=done.package,
        version=done.version,
        model_name=done.model_name,
        config_name=done.config_name,
        deployment_id=done.deployment_id,
        since=since,
        dataset=done.dataset,
        baselines=done.baselines,
        identity_uri=identity_uri,
    )
