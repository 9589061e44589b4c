"""One job of Amazon's analyzer over a data set: what is sent, waited for, and written."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from functions.common.clients import client
from functions.common.storage import list_objects, write
from infra.config import EndpointConfig
from infra.config.monitors import Monitor
from infra.managed.jobs import JobPlace, processing_job
from monitoring_core.errors import ConfigError
from monitoring_core.spec import ModelBiasSpec, ModelExplainabilitySpec, MonitorSpec
from monitoring_core.spec.analysis_config import analysis_config, dump_analysis_config

_PAUSE_SECONDS: Final = 10
_NAME_LIMIT: Final = 63
_OVER: Final = frozenset({"Completed", "Failed", "Stopped"})


@dataclass(frozen=True, slots=True)
class OneOffJob:
    """A job that was started.

    Attributes
    ----------
    output : str
        Prefix of the files that it writes, ending in a slash.
    """

    name: str
    output: str

    def describe(self) -> Mapping[str, Any]:
        """Ask how it is getting on."""
        found: Mapping[str, Any] = client("sagemaker").describe_processing_job(ProcessingJobName=self.name)
        return found

    def wait(self) -> Iterator[str]:
        """Yield its status every few seconds until it is over."""
        while (status := str(self.describe()["ProcessingJobStatus"])) not in _OVER:
            yield status
            time.sleep(_PAUSE_SECONDS)

    def files(self) -> list[str]:
        """Return the URIs of what it has written."""
        return [item.uri for item in list_objects(self.output)]


def start(
    config: EndpointConfig,
    monitor: Monitor,
    *,
    role: str,
    output: str,
    dataset: str | None,
    image: str | None,
    at: datetime,
) -> OneOffJob:
    """Start the job of a monitor.

    Raises
    ------
    ConfigError
        If there is no data set, Amazon has no analyzer of the kind, or it lacks something for it.
    """
    data = dataset or monitor.dataset or config.baseline.dataset
    if data is None:
        raise ConfigError("which data set? The configuration names none: give its s3:// URI with --dataset")
    prefix = f"{output.rstrip('/')}/"
    spec = config.specs()[monitor.name]
    stamp = f"-{at:%Y%m%d%H%M%S}"
    name = f"{config.name}-{monitor.name}"[: _NAME_LIMIT - len(stamp)].rstrip("-") + stamp
    place = JobPlace(name, client("sagemaker").meta.region_name, role, config.runtime.managed, image=image)
    request = processing_job(
        spec, dataset=data, output=prefix, place=place, config_uri=_analysis_config(config, spec, prefix)
    )
    client("sagemaker").create_processing_job(**request)
    return OneOffJob(name, prefix)


def _analysis_config(config: EndpointConfig, spec: MonitorSpec, prefix: str) -> str | None:
    """Write what Clarify is told beside the output; the other analyzers are told in the environment."""
    if not isinstance(spec, ModelBiasSpec | ModelExplainabilitySpec):
        return None
    body = dump_analysis_config(analysis_config(spec, predictor=_predictor(config)))
    uri = f"{prefix}analysis_config.json"
    write(uri, body.encode())
    return uri


def _predictor(config: EndpointConfig) -> dict[str, Any] | None:
    shadow = config.runtime.managed.shadow_endpoint
    if shadow.model is None:
        return None
    return {
        "model_name": shadow.model,
        "instance_type": shadow.instance_type,
        "initial_instance_count": shadow.instance_count,
        "content_type": shadow.content_type,
        "accept_type": shadow.accept_type,
    }
