"""SageMaker as a whole: its tables, its operations, its part in simulated time."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from localaws.sagemaker.account import Account
from localaws.sagemaker.api import plug_in
from localaws.sagemaker.capture import Capture
from localaws.sagemaker.endpoints import Endpoints
from localaws.sagemaker.invocation_metrics import InvocationMetrics
from localaws.sagemaker.invocations import Invocations
from localaws.sagemaker.job_definitions import JobDefinitions
from localaws.sagemaker.jobs import Jobs
from localaws.sagemaker.lineage import Lineage
from localaws.sagemaker.models import Models
from localaws.sagemaker.monitoring.closed import Closed
from localaws.sagemaker.monitoring.runner import Runner
from localaws.sagemaker.pipelines import steps
from localaws.sagemaker.pipelines.api import Pipelines
from localaws.sagemaker.processing import ProcessingJobs
from localaws.sagemaker.registry import Registry
from localaws.sagemaker.schedules import Schedules
from localaws.sagemaker.store import NotFound, ResourceInUse, Table
from localaws.sagemaker.tags import Tags
from localaws.sagemaker.training import TrainingJobs
from localaws.sagemaker.transform import TransformJobs

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_DEFINITIONS = {
    "DataQuality": "data-quality-job-definition",
    "ModelQuality": "model-quality-job-definition",
    "ModelBias": "model-bias-job-definition",
    "ModelExplainability": "model-explainability-job-definition",
}


class SageMaker:
    """The SageMaker of one account.

    Parameters
    ----------
    account : Account
        The account it belongs to.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self._tables: list[Table] = []
        models, configs, endpoints = (self._table(kind) for kind in ("model", "endpoint-config", "endpoint"))
        groups, packages = self._table("model-package-group"), self._table("model-package")
        definitions = {
            kind: self._table(arn, taken=ResourceInUse, missing=NotFound) for kind, arn in _DEFINITIONS.items()
        }
        schedules, processing = (
            self._table(kind, taken=ResourceInUse, missing=NotFound)
            for kind in ("monitoring-schedule", "processing-job")
        )
        training, pipelines = (
            self._table("training-job", taken=ResourceInUse),
            self._table("pipeline", missing=NotFound),
        )

        self._capture, self._metrics = Capture(account), InvocationMetrics(account)
        self._processing, self._training = ProcessingJobs(account, processing), TrainingJobs(account, training)
        self._pipelines = Pipelines(account, pipelines, steps.Runner(account.client, self._processing, self._training))
        self._definitions = JobDefinitions(account, definitions)
        runner = Runner(account, endpoints, self._processing)
        self._schedules = Schedules(account, schedules, self._definitions, runner, self.flush)
        self._models = Models(account, models, configs, packages)
        self._transform = TransformJobs(account, self._table("transform-job", taken=ResourceInUse), self._models)
        self._jobs: dict[str, Jobs] = {jobs.kind: jobs for jobs in (self._processing, self._training, self._transform)}
        self._registry = Registry(account, groups, packages)
        entities = self._table("action", missing=NotFound), self._table("artifact"), self._table("context")
        self._lineage = Lineage(account, *entities, endpoints, packages)
        self._endpoints = Endpoints(
            account, endpoints, configs, self._models, finish=self.flush, may_delete=self._schedules.forbid_orphans
        )
        self._invocations = Invocations(account, self._endpoints, self._capture, self._metrics)

    def plug_in(self) -> None:
        """Take the place of moto's SageMaker, in this process."""
        plug_in(
            [
                self._models,
                self._endpoints,
                self._processing,
                self._training,
                self._transform,
                self._definitions,
                self._schedules,
                self._registry,
                self._lineage,
                self._pipelines,
                Tags(self._tables),
                *([] if self._account.model_monitor else [Closed()]),
            ]
        )

    def in_front_of(self, application: WSGIApplication) -> WSGIApplication:
        """Return an application that answers invocations of endpoints, and passes every other request on.

        In front of moto, not inside: moto reads every body as UTF-8, and takes longer to find the service than a model
        takes to answer.
        """
        return self._invocations.in_front_of(application)

    def next_time(self, after: datetime, /) -> datetime | None:
        """Return when a monitoring schedule fires, or a deployment moves on, next; strictly later than `after`."""
        times = (self._schedules.next_time(after), self._endpoints.next_time(after))
        return min((time for time in times if time is not None), default=None)

    def fire(self, at: datetime, /) -> None:
        """Run the monitoring schedules due at `at`, to their end, and move deployments on."""
        self._endpoints.fire(at)
        self._schedules.fire(at)

    def flush(self) -> bool:
        """Write captured records to S3, counted invocations and logs to CloudWatch; tell whether there were any."""
        written = [self._capture.flush(), self._metrics.flush(), self._endpoints.ship_logs()]
        return any(written)

    def wait(self, kind: str, name: str) -> None:
        """Wait until a job is over; `kind` is ``Processing``, ``Training`` or ``Transform``."""
        self._jobs[kind].wait(name)

    def settle(self) -> bool:
        """Wait until no job and no pipeline runs, and write what is held back; tell whether there was anything.

        What finishes sends events, and these may start more: call it, and let events be delivered, until it is false.
        """
        waited = [self._pipelines.settle(), *(jobs.settle() for jobs in self._jobs.values()), self.flush()]
        return any(waited)

    def close(self) -> None:
        """End every process."""
        self._pipelines.close()
        for jobs in self._jobs.values():
            jobs.close()
        self._endpoints.close()

    def _table(self, kind: str, **errors: type[Exception]) -> Table:
        table = Table(kind, self._arn, **errors)
        self._tables.append(table)
        return table

    def _arn(self, kind: str, name: str) -> str:
        return f"arn:aws:sagemaker:{self._account.region}:{self._account.account_id}:{kind}/{name}"
