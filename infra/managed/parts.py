"""What the job definitions of all kinds are made of.

The parts are written as the properties of the constructs, which have the same names in all four.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from aws_cdk import CustomResource

from infra.config import EndpointConfig
from infra.config.monitors import Monitor
from infra.config.schedule import HOUR
from infra.constructs.storage import Storage
from infra.managed.images import JobImage
from infra.runtimes.run_specs import ground_truth_prefixes
from monitoring_core.spec import Frozen

_LOCAL: Final = "/opt/ml/processing"
_FORMATS: Final[dict[str, dict[str, Any]]] = {
    "json": {"json": {"line": False}},
    "json-lines": {"json": {"line": True}},
    "parquet": {"parquet": True},
}


S = TypeVar("S", bound=Frozen)


@dataclass(frozen=True, slots=True)
class JobParts(Generic[S]):
    """One monitor, and what its job definition refers to.

    Attributes
    ----------
    spec : MonitorSpec
        The analysis, as every runtime reads it.
    config_uri : str
        Where the analysis is described; empty for kinds that are told in other ways.
    """

    config: EndpointConfig
    monitor: Monitor
    spec: S
    storage: Storage
    image: JobImage
    baseline: CustomResource
    config_uri: str = ""

    @property
    def environment(self) -> dict[str, str]:
        """What the container is told."""
        publish = "Enabled" if self.config.runtime.managed.publish_metrics else "Disabled"
        return {"publish_cloudwatch_metrics": publish}

    @property
    def scripts(self) -> dict[str, str]:
        """Pre- and post-processing, for the kinds that have them."""
        managed = self.config.runtime.managed
        given = {
            "recordPreprocessorSourceUri": managed.record_preprocessor,
            "postAnalyticsProcessorSourceUri": managed.post_analytics_processor,
        }
        return {name: uri for name, uri in given.items() if uri}

    @property
    def ground_truth(self) -> dict[str, Any]:
        """Where the labels are: below it are years, as Model Monitor adds them."""
        (prefix,) = ground_truth_prefixes(self.config, self.storage)
        return {"groundTruthS3Input": {"s3Uri": prefix.rstrip("/")}}

    @property
    def output(self) -> dict[str, Any]:
        """Where the reports go: SageMaker adds `<endpoint>/<schedule>/yyyy/mm/dd/hh`, for transforms no endpoint."""
        batch = self.config.batch_transform
        key = f"reports/{self.config.name}" if batch else "reports"
        output = {"localPath": f"{_LOCAL}/output", "s3Uri": self.storage.uri(key), "s3UploadMode": "EndOfJob"}
        return {"kmsKeyId": self.storage.key.key_arn, "monitoringOutputs": [{"s3Output": output}]}

    def baseline_file(self, name: str) -> str:
        """Return where a file of the monitor's baseline is."""
        folder = self.storage.uri(f"{self.storage.layout.baselines}{self.monitor.name}")
        return f"{folder}/{self.baseline.get_att_string('BaselineId')}/{name}"

    def source(self, folder: str, **attributes: str | float | None) -> dict[str, Any]:
        """Return what is analysed, and where in it things are; None is left out."""
        batch, written = self.config.batch_transform, self.config.runtime.managed.batch_transform
        given = {name: value for name, value in attributes.items() if value is not None}
        common = {"localPath": f"{_LOCAL}/{folder}", **given, **self._offsets()}
        if batch is None:
            return {"endpointInput": {"endpointName": self.config.name, **common}}
        layout = {"csv": {"header": written.header}} if written.format == "csv" else _FORMATS[written.format]
        captured = batch.captured.rstrip("/")
        return {"batchTransformInput": {"dataCapturedDestinationS3Uri": captured, "datasetFormat": layout, **common}}

    def position(self, column: str | None) -> str | None:
        """Return the place of an output in an answer, as Amazon's analyzers count."""
        outputs = self.config.data_schema.outputs
        return str(outputs.index(column)) if column in outputs else None

    @property
    def prediction(self) -> str | None:
        """Where the prediction is in an answer."""
        return self.config.runtime.managed.attributes.prediction or self.position(self.config.data_schema.prediction)

    @property
    def probability(self) -> str | None:
        """Where the probability is in an answer."""
        return self.config.runtime.managed.attributes.probability or self.position(self.config.data_schema.probability)

    def _offsets(self) -> dict[str, str]:
        """Look at the last window whose labels have had their time when the schedule fires, as every other runtime."""
        lag = int(self.config.ground_truth.lag.total_seconds())
        if not (self.monitor.needs_labels and lag):
            return {}
        period = self.monitor.schedule.period_seconds
        late = -(-lag // period) * period
        return {"startTimeOffset": _before(late + period), "endTimeOffset": _before(late)}


def _before(seconds: int) -> str:
    """Spell a time before the firing.

    Examples
    --------
    >>> _before(90_000)
    '-PT25H'
    """
    return f"-PT{seconds // HOUR}H"
