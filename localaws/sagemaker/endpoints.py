"""Endpoints: what is deployed, and how it changes."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from localaws.sagemaker import events
from localaws.sagemaker.account import Account
from localaws.sagemaker.api import Operation
from localaws.sagemaker.deployment import Deployment, deploy
from localaws.sagemaker.fleet import StartError
from localaws.sagemaker.models import Models
from localaws.sagemaker.sandbox import ship_log
from localaws.sagemaker.serving import EVENT_FIELDS, RETAINED, kept, served, updated
from localaws.sagemaker.shifts import Shift, pending, plan_of, refuse_other_variants, ringing
from localaws.sagemaker.store import Document, Listing, Record, Request, Table, ValidationError

_ENDPOINTS = Listing("Endpoints", name="EndpointName", status="EndpointStatus")


class Endpoints:
    """The operations on endpoints.

    An update takes the simulated time that its blue/green policy says, and none without one: machines start at once.
    While it takes place, traffic goes to either fleet by the share of the moment, and an alarm of the configuration
    that rings puts everything back.

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
        self._shifts: dict[str, Shift] = {}
        self._random = random.Random(f"{account.seed} fleets")  # noqa: S311 - a simulation
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
            record.document |= served(config) | {"EndpointStatus": "InService"}
        self._announce(record)
        return {"EndpointArn": record.arn}

    def update_endpoint(self, request: Request) -> Document:
        """Replace what is served; when the new variants do not start, the old ones stay, with the reason."""
        record = self._endpoints.get(request["EndpointName"])
        name = record.document["EndpointName"]
        if name not in self._deployments:
            raise ValidationError(f'Cannot update endpoint "{record.arn}": it is {record.document["EndpointStatus"]}.')
        if name in self._shifts:
            raise ValidationError(f'Cannot update in-progress endpoint "{record.arn}".')
        config = self._configs.get(request["EndpointConfigName"]).document
        refuse_other_variants(request, config, record.document)
        self._set_status(record, "Updating")
        try:
            successor = self._deploy(config)
        except StartError as error:
            record.document["FailureReason"] = str(error)
            self._set_status(record, "InService")
            return {"EndpointArn": record.arn}
        if "DataCaptureConfig" in kept(request):
            successor.capture = self._deployments[name].capture
        plan = plan_of(request, self._account.now())
        if plan is None:
            self._complete(record, successor, config, request)
        else:
            self._shifts[name] = Shift(successor, config, request, plan)
            self._announce_shift(record)
        return {"EndpointArn": record.arn}

    def next_time(self, after: datetime, /) -> datetime | None:
        """Return when a deployment under way is looked at next."""
        return min((shift.plan.next_time(after) for shift in self._shifts.values()), default=None)

    def fire(self, at: datetime, /) -> None:
        """Move deployments on, to their end or back."""
        for name, shift in list(self._shifts.items()):
            record = self._endpoints.get(name)
            if rang := ringing(self._account.client("cloudwatch"), shift.plan.alarms):
                self._finish()
                self._shifts.pop(name).green.close()
                record.document["FailureReason"] = (
                    f"Auto-rollback was triggered by alarm(s) in ALARM: {', '.join(rang)}"
                )
                record.document.pop("PendingDeploymentSummary", None)
                self._set_status(record, "InService")
            elif at >= shift.plan.end:
                del self._shifts[name]
                record.document.pop("PendingDeploymentSummary", None)
                self._complete(record, shift.green, shift.config, shift.request)
            elif at in (since for since, _ in shift.plan.steps):
                self._announce_shift(record)

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
            for wanted, current in RETAINED.items():
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
        if name in self._shifts:
            self._shifts.pop(name).green.close()
        self._endpoints.remove(name)
        self._replace(name, None)
        return {}

    def served(self, name: str) -> tuple[Document, Deployment] | None:
        """Return the description of an endpoint that can be invoked, and who takes the next request; or None."""
        record, deployment = self._endpoints.find(name), self._deployments.get(name)
        shift = self._shifts.get(name)
        if shift is not None and self._random.random() < shift.plan.share(self._account.now()):
            deployment = shift.green
        return (record.document, deployment) if record and deployment else None

    def ship_logs(self) -> bool:
        """Send what models have printed to CloudWatch Logs; tell whether there was anything."""
        milliseconds = int(self._account.now().timestamp() * 1000)
        shipped = False
        under_way = [(name, shift.green) for name, shift in list(self._shifts.items())]
        for endpoint, deployment in [*list(self._deployments.items()), *under_way]:
            for name, variant in deployment.running.items():
                for container in variant.containers:
                    if text := container.new_log():
                        group, stream = f"/aws/sagemaker/Endpoints/{endpoint}", f"{name}/{container.name}"
                        ship_log(self._account.client("logs", variant.role), group, stream, text, milliseconds)
                        shipped = True
        return shipped

    def close(self) -> None:
        """End every process."""
        for deployment in [*self._deployments.values(), *(shift.green for shift in self._shifts.values())]:
            deployment.close()
        self._deployments, self._shifts = {}, {}

    def _deploy(self, config: Document) -> Deployment:
        self._number += 1
        folder = self._account.work_dir / "endpoints" / str(self._number)
        return deploy(self._account, self._models, config, folder)

    def _complete(self, record: Record, successor: Deployment, config: Document, request: Request) -> None:
        """Let the new variants alone serve."""
        record.document = updated(record.document, config, request)
        self._replace(record.document["EndpointName"], successor)
        self._set_status(record, "InService")

    def _announce_shift(self, record: Record) -> None:
        """Describe, and tell, how far a deployment under way is."""
        shift = self._shifts[record.document["EndpointName"]]
        record.document["PendingDeploymentSummary"] = pending(shift, self._account.now())
        detail = events.state(record.document, [*EVENT_FIELDS, "PendingDeploymentSummary"])
        events.send(self._account, "Endpoint Deployment State Change", detail, record.arn)

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
        detail: dict[str, Any] = events.state(record.document, EVENT_FIELDS)
        events.send(self._account, "Endpoint State Change", detail, record.arn)
