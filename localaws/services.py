"""What one service of the account may need of another, put together in one place."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from localaws.access import Access
from localaws.clock import Clock, utc
from localaws.journal import Journal
from localaws.work import WorkQueue

if TYPE_CHECKING:
    from localaws.awslambda.functions import Functions
    from localaws.cloudwatch.metrics import MetricStore
    from localaws.eventbridge.bus import EventBus
    from localaws.eventbridge.targets import Targets
    from localaws.sagemaker import SageMaker


@dataclass(frozen=True)
class Settings:
    """What a new account is given; the attributes are those of `Services`.

    Attributes
    ----------
    start : datetime
        The first simulated instant.
    """

    account_id: str
    region: str
    start: datetime
    images: Mapping[str, Sequence[str]] = field(default_factory=dict)
    seed: int = 0
    model_monitor: bool = True
    schedules_rest: timedelta = timedelta()
    enforce_policies: bool = True

    def __post_init__(self) -> None:
        """Check what a typing error would turn into puzzles."""
        utc(self.start)
        if not re.fullmatch(r"\d{12}", self.account_id):
            raise ValueError(f"an account id has twelve digits, got {self.account_id!r}")


@dataclass
class Services:
    """The inside of a running account.

    Attributes
    ----------
    account_id, region : str
        Whose resources, and where.
    endpoint_url : str
        URL under which every service of the account answers.
    work_dir : Path
        Scratch space, removed with the account.
    images : mapping of str to sequence of str
        Which local command stands in for a container image; see :class:`localaws.sagemaker.Account`.
    seed : int
        Decides sampling and identifiers, so that a run can be repeated.
    model_monitor : bool
        Whether the account may use SageMaker Model Monitor, which takes no new customers.
    schedules_rest : timedelta
        Shortest time between two firings of a schedule of EventBridge Scheduler.
    access : Access
        What roles have called, and what their policies allow.
    clock : Clock
        The simulated time.
    work : WorkQueue
        Runs what AWS does in the background.
    journal : Journal
        Takes down what happened.
    functions, metrics, targets, bus, sagemaker
        The services that others call from inside; set by :func:`localaws.server.assemble`.
    """

    account_id: str
    region: str
    endpoint_url: str
    work_dir: Path
    images: Mapping[str, Sequence[str]]
    seed: int
    model_monitor: bool
    schedules_rest: timedelta
    access: Access
    clock: Clock
    work: WorkQueue
    journal: Journal
    functions: Functions = field(init=False)
    metrics: MetricStore = field(init=False)
    targets: Targets = field(init=False)
    bus: EventBus = field(init=False)
    sagemaker: SageMaker = field(init=False)

    @classmethod
    def create(cls, settings: Settings, *, endpoint_url: str, work_dir: Path) -> Services:
        """Make the clock, the journal and the queue, which know each other."""
        journal = Journal(lambda: clock.now)
        work = WorkQueue(journal)
        clock = Clock(settings.start, work.settle)
        return cls(
            account_id=settings.account_id,
            region=settings.region,
            endpoint_url=endpoint_url,
            work_dir=work_dir,
            images=settings.images,
            seed=settings.seed,
            model_monitor=settings.model_monitor,
            schedules_rest=settings.schedules_rest,
            access=Access(settings.account_id, settings.region, enforce=settings.enforce_policies),
            clock=clock,
            work=work,
            journal=journal,
        )

    def now(self) -> datetime:
        """Return the simulated time, in UTC."""
        return self.clock.now

    def put_event(
        self, *, detail_type: str, source: str, detail: Mapping[str, Any], resources: Sequence[str], time: datetime
    ) -> None:
        """Put an event of an AWS service on the default bus."""
        self.bus.put(source=source, detail_type=detail_type, detail=detail, resources=resources, time=time)

    def client(self, service: str, role: str | None = None) -> Any:
        """Return a boto3 client for a service of this account; its owner's, or with the permissions of `role`."""
        return account_client(service, self.account_id, self.region, self.endpoint_url, role)

    def environment(self, role: str | None = None) -> dict[str, str]:
        """Return the environment variables that lead any AWS SDK to this account; the owner's, or those of `role`."""
        return sdk_environment(self.account_id, self.region, self.endpoint_url, role)


def access_key(account_id: str) -> str:
    """Return an access key of the account's own: the CDK CLI remembers account numbers by access key."""
    return f"LOCALAWS{account_id}"


def sdk_environment(account_id: str, region: str, endpoint: str, role: str | None = None) -> dict[str, str]:
    """Return the environment variables that lead an AWS SDK to the account at `endpoint`."""
    return {
        "AWS_ACCESS_KEY_ID": access_key(account_id),
        "AWS_SECRET_ACCESS_KEY": "not-a-secret",
        "AWS_SESSION_TOKEN": role or "not-a-token",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@cache
def account_client(service: str, account_id: str, region: str, endpoint: str, role: str | None = None) -> Any:
    """Return a boto3 client for the account at `endpoint`."""
    session = boto3.session.Session(
        aws_access_key_id=access_key(account_id),
        aws_secret_access_key="not-a-secret",  # noqa: S106 - it is not
        aws_session_token=role,
        region_name=region,
    )
    # One attempt: the account is on this machine, and a retry would only hide its error.
    config = Config(
        read_timeout=900, retries={"total_max_attempts": 1}, max_pool_connections=50, s3={"addressing_style": "path"}
    )
    return session.client(service, endpoint_url=endpoint, config=config)
