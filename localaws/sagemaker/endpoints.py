"""Endpoints: what is deployed, and how it changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localaws.sagemaker import events
from localaws.sagemaker.account import Account
from localaws.sagemaker.api import Operation
from localaws.sagemaker.fleet import StartError, Variant, start_variant
from localaws.sagemaker.models import Models
from localaws.sagemaker.sandbox import ship_log
from localaws.sagemaker.store import Document, Listing, Record, Request, Table, ValidationError

_ENDPOINTS = Listing("Endpoints", name="EndpointName", status="EndpointStatus")
_EVENT_FIELDS = [
    "EndpointName",
    "EndpointArn",
    "EndpointConfigName",
    "ProductionVariants",
    "EndpointStatus",
    "FailureReason",
    "CreationTime",
    "LastModifiedTime",
]
_RETAINED = {"DesiredWeight": "CurrentWeight", "DesiredInstanceCount": "CurrentInstanceCount"}


@dataclass
class Deployment:
    """What serves an endpoint at the moment.

    Attributes
    ----------
    capture : dict
        The ``DataCaptureConfig`` in force, empty where nothing is captured.
    variants : dict
        The running variants by name.
    """

    capture: Document
    variants: dict[str, Variant] = field(default_factory=dict)

    def close(self) -> None:
        """End all processes."""
        for variant in self.variants.values():
            variant.close()


class Endpoints:
    """The operations on endpoints.

    A deployment takes no simulated time: traffic goes over to the new variants all at once, whatever the deployment
    configuration says about canaries and waiting; the configuration is kept and described.

    Parameters
    ----------
    account : Account
        Whose endpoints.
    endpoints, configs : Table
        Where they are kept.
    models : Models
        What can be deployed.
    finish : callable
        Called before what serves an endpoint is replaced: writes out what it has captured.
    may_delete : callable
        Raises if the endpoint of that name is still needed.
    """

    def __init__(
        self,
        account: Account,
        endpoints: Table,
        configs: Table,
        models: Models,
        *,
        finish: Callable[[], object],
        may_delete: Callable[[str], None],
    ) -> None:
        self._account = account
        self._endpoints, self._configs, self._models = endpoints, configs, models
        self._finish, self._may_delete = finish, may_delete
        self._deployments: dict[str, Deployment] = {}
        self._number = 0

    def operations(self) -> Mapping[str, Operation]:
        """Return the operations by Amazon's name."""
        return {
            "CreateEndpoint": self.create_endpoint,
            "UpdateEndpoint": self.update_endpoint,
            "UpdateEndpointWeightsAndCapacities": self.update_endpoint_weights_and_capacities,
            "DescribeEndpoint": lambda request: self._endpoints.get(request["EndpointName"]).document,
            "ListEndpoints": lambda request: _ENDPOINTS.answer((one.document for one in self._endpoints), request),
            "DeleteEndpoint": self.delete_endpoint,
        }

    def create_endpoint(self, request: Request) -> Document:
        """Start the variants of a configuration; an endpoint whose model does not load is ``Failed``."""
        name, now = request["EndpointName"], self._account.now()
        config = self._configs.get(request["EndpointConfigName"]).document
        document: Document = {
            "EndpointName": name,
            "EndpointArn": self._endpoints.arn(name),
            "EndpointConfigName": request["EndpointConfigName"],
            "EndpointStatus": "Creating",
            "CreationTime": now,
            "LastModifiedTime": now,
        }
        if "DeploymentConfig" in request:
            document["LastDeploymentConfig"] = request["DeploymentConfig"]
        record = self._endpoints.add(name, document, request.get("Tags", []))
        self._announce(record)
        try:
            self._deployments[name] = self._deploy(config)
        except StartError as error:
            record.document |= {"EndpointStatus": "Failed", "FailureReason": str(error)}
        else:
            record.document |= _served(config) | {"EndpointStatus": "InService"}
        self._announce(record)
        return {"EndpointArn": record.arn}

    def update_endpoint(self, request: Request) -> Document:
        """Replace what is served; when the new variants do not start, the old ones stay, with the reason."""
        record = self._endpoints.get(request["EndpointName"])
        name = record.document["EndpointName"]
        if name not in self._deployments:
            raise ValidationError(f'Cannot update endpoint "{record.arn}": it is {record.document["EndpointStatus"]}.')
        config = self._configs.get(request["EndpointConfigName"]).document
        self._set_status(record, "Updating")
        try:
            successor = self._deploy(config)
        except StartError as error:
            record.document["FailureReason"] = str(error)
        else:
            record.document = self._updated(record.document, config, request)
            if "DataCaptureConfig" in _kept(request):
                successor.capture = self._deployments[name].capture
            self._replace(name, successor)
        self._set_status(record, "InService")
        return {"EndpointArn": record.arn}

    def update_endpoint_weights_and_capacities(self, request: Request) -> Document:
        """Change the shares of traffic and the instance counts of variants."""
        record = self._endpoints.get(request["EndpointName"])
        variants = {variant["VariantName"]: variant for variant in record.document["ProductionVariants"]}
        desired = {change["VariantName"]: change for change in request["DesiredWeightsAndCapacities"]}
        if unknown := desired.keys() - variants.keys():
            raise ValidationError(
                f'The variant name(s) "{", ".join(sorted(unknown))}" is/are not present within endpoint configuration '
                f'"{record.document["EndpointConfigName"]}".'
            )
        self._set_status(record, "Updating")
        for name, change in desired.items():
            for wanted, current in _RETAINED.items():
                if wanted in change:
                    variants[name][wanted] = variants[name][current] = change[wanted]
        self._set_status(record, "InService")
        return {"EndpointArn": record.arn}

    def delete_endpoint(self, request: Request) -> Document:
        """Stop serving."""
        record = self._endpoints.get(request["EndpointName"])
        name = record.document["EndpointName"]
        self._may_delete(name)
        self._set_status(record, "Deleting")
        self._endpoints.remove(name)
        self._replace(name, None)
        return {}

    def served(self, name: str) -> tuple[Document, Deployment] | None:
        """Return the description and the deployment of an endpoint that can be invoked, or None."""
        record, deployment = self._endpoints.find(name), self._deployments.get(name)
        return (record.document, deployment) if record and deployment else None

    def ship_logs(self) -> bool:
        """Send what models have printed to CloudWatch Logs; tell whether there was anything."""
        milliseconds = int(self._account.now().timestamp() * 1000)
        shipped = False
        for endpoint, deployment in list(self._deployments.items()):
            for name, variant in deployment.variants.items():
                for container in variant.containers:
                    if text := container.new_log():
                        group, stream = f"/aws/sagemaker/Endpoints/{endpoint}", f"{name}/{container.name}"
                        ship_log(self._account.client("logs"), group, stream, text, milliseconds)
                        shipped = True
        return shipped

    def close(self) -> None:
        """End every process."""
        for deployment in self._deployments.values():
            deployment.close()
        self._deployments = {}

    def _deploy(self, config: Document) -> Deployment:
        self._number += 1
        folder = self._account.work_dir / "endpoints" / str(self._number)
        serverless = any("ServerlessConfig" in variant for variant in config["ProductionVariants"])
        deployment = Deployment({} if serverless else config.get("DataCaptureConfig", {}))
        try:
            for variant in config["ProductionVariants"]:
                deployment.variants[variant["VariantName"]] = self._start(variant, folder / variant["VariantName"])
        except StartError:
            deployment.close()
            raise
        return deployment

    def _start(self, variant: Document, folder: Path) -> Variant:
        try:
            containers = self._models.containers(variant["ModelName"])
        except ValidationError as error:
            raise StartError(str(error)) from error
        return start_variant(self._account, containers, folder)

    def _updated(self, old: Document, config: Document, request: Request) -> Document:
        new = old | {"EndpointConfigName": config["EndpointConfigName"]} | _served(config)
        new.pop("FailureReason", None)
        kept = _kept(request)
        before = {variant["VariantName"]: variant for variant in old["ProductionVariants"]}
        for variant in new["ProductionVariants"]:
            same = before.get(variant["VariantName"], {})
            variant.update({field: same[field] for field in kept if field in same})
        if "DataCaptureConfig" in kept:
            new["DataCaptureConfig"] = old.get("DataCaptureConfig")
        if "DeploymentConfig" in request:
            new["LastDeploymentConfig"] = request["DeploymentConfig"]
        elif not request.get("RetainDeploymentConfig", False):
            new.pop("LastDeploymentConfig", None)
        return new

    def _replace(self, name: str, successor: Deployment | None) -> None:
        self._finish()
        predecessor = self._deployments.pop(name, None)
        if successor is not None:
            self._deployments[name] = successor
        if predecessor is not None:
            predecessor.close()

    def _set_status(self, record: Record, status: str) -> None:
        record.document |= {"EndpointStatus": status, "LastModifiedTime": self._account.now()}
        self._announce(record)

    def _announce(self, record: Record) -> None:
        detail: dict[str, Any] = events.state(record.document, _EVENT_FIELDS)
        events.send(self._account, "Endpoint State Change", detail, record.arn)


def _kept(request: Request) -> set[str]:
    """Return which properties an update takes over from what is running."""
    if not request.get("RetainAllVariantProperties", False):
        return set()
    excluded = {one["VariantPropertyType"] for one in request.get("ExcludeRetainedVariantProperties", [])}
    kept = {"DesiredWeight", "DesiredInstanceCount", "DataCaptureConfig"} - excluded
    return kept | {_RETAINED[field] for field in kept if field in _RETAINED}


def _served(config: Document) -> Document:
    """Return what DescribeEndpoint tells of a configuration that is in service."""
    served: Document = {"ProductionVariants": [_summary(variant) for variant in config["ProductionVariants"]]}
    if capture := config.get("DataCaptureConfig"):
        enabled = capture.get("EnableCapture", True)
        served["DataCaptureConfig"] = {
            "EnableCapture": enabled,
            "CaptureStatus": "Started" if enabled else "Stopped",
            "CurrentSamplingPercentage": capture["InitialSamplingPercentage"],
            "DestinationS3Uri": capture["DestinationS3Uri"],
            "KmsKeyId": capture.get("KmsKeyId", ""),
        }
    return served


def _summary(variant: Document) -> Document:
    weight = variant.get("InitialVariantWeight", 1.0)
    summary: Document = {"VariantName": variant["VariantName"], "CurrentWeight": weight, "DesiredWeight": weight}
    if (count := variant.get("InitialInstanceCount")) is not None:
        summary |= {"CurrentInstanceCount": count, "DesiredInstanceCount": count}
    if serverless := variant.get("ServerlessConfig"):
        summary |= {"CurrentServerlessConfig": serverless, "DesiredServerlessConfig": serverless}
    return summary
