"""What promotion sees of the AWS account, and does in it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from boto3.dynamodb.conditions import Attr
from botocore.exceptions import ClientError

from functions.common.baselines import BaselineStore
from functions.common.champion import read_parameter, write_parameter
from functions.common.clients import client, table
from functions.common.storage import read, read_if_present, write
from functions.promote import service
from functions.promote.baselines import rebind
from functions.promote.compose import about, about_identity
from functions.promote.decision import Live
from functions.promote.identity import ServedIdentity, differences, expected
from functions.promote.lineage import record_lineage
from functions.promote.model_card import update_card
from functions.promote.record import Champion, Deployment, Status, champion_of
from functions.promote.served import read_identity
from functions.promote.settings import PromoteSettings
from functions.promote.shifting import plan
from functions.promote.splits import decided_splits
from monitoring_core.metric_names import NAMESPACE, UNAPPROVED_CHANGES, champion_parameter


@dataclass(frozen=True, slots=True)
class Account:
    """The AWS account that the function runs in.

    Attributes
    ----------
    at : datetime
        Now; of an event, when it was sent.
    """

    settings: PromoteSettings
    at: datetime

    def now(self) -> datetime:
        """Return the time."""
        return self.at

    def live(self) -> Live | None:
        """Return how the endpoint is; None where there is none."""
        return service.read_live(self.settings.endpoint, self.settings.guards)

    def champion(self) -> Champion | None:
        """Return what was put into service last; None where nothing was yet."""
        text = read_parameter(champion_parameter(self.settings.endpoint))
        return None if text is None else Champion.model_validate_json(text)

    def model_of(self, config_name: str) -> str:
        """Return the model that a configuration serves."""
        return service.served_model(service.read_config(config_name), self.settings.variant)

    def prepare(self, one: Deployment, live: Live) -> Deployment:
        """Make model and configuration of a deployment that is to start now."""
        settings, now = self.settings, self.now()
        config = service.read_config(live.config_name)
        like = service.served_model(config, settings.variant)
        model = one.model_name or service.make_model(settings.endpoint, one.package, one.version or 0, like)
        made = service.make_config(settings.endpoint, config, settings.variant, model)
        quiet = tuple(name for name in settings.guards if name not in live.ringing)
        update = plan(config, settings.shifting, quiet)
        watch_until = now + timedelta(seconds=update.watch_seconds) if update.watch_seconds else None
        changes = {
            "status": Status.DEPLOYING,
            "model_name": model,
            "config_name": made,
            "previous_config": live.config_name,
            "seen_at": live.modified_at,
            "alarms": quiet,
            "shifting": update.told,
            "watch_until": watch_until,
        }
        return one.model_copy(update=changes)

    def update(self, one: Deployment) -> bool:
        """Ask SageMaker to put a deployment's configuration into service; False where it is busy."""
        config = service.read_config(one.config_name)
        deployment = plan(config, self.settings.shifting, one.alarms).deployment
        return service.update(self.settings.endpoint, one.config_name, deployment)

    def put_back(self, one: Deployment) -> None:
        """Ask SageMaker to put back what was in service before."""
        service.update(self.settings.endpoint, one.previous_config, None)

    def finish(self, one: Deployment) -> bool:
        """Make a deployment that ended well the reference: champion, identity, baselines, model card; repeatable.

        Return whether all is done; baselines of large data sets take jobs.
        """
        now = self.now()
        uri = f"s3://{self.settings.bucket}/identity/{self.settings.endpoint}/{one.deployment_id}.json"
        write(uri, read_identity(self.settings.endpoint).model_dump_json(indent=2).encode())
        champion = champion_of(one, now, uri)
        write_parameter(champion_parameter(self.settings.endpoint), champion.model_dump_json())
        package = service.read_package(one.package) if one.package else None
        if one.is_promotion and not rebind(self.settings, one.identity, one.dataset, package, now):
            return False
        if self.settings.model_card:
            update_card(self.settings.model_card, champion, package.evaluation_uri if package else "")
        return True

    def record_lineage(self, one: Deployment) -> tuple[str, ...]:
        """Record a promotion in SageMaker's lineage; return what is missing there."""
        missing = record_lineage(one) if one.is_promotion else ""
        return (missing,) if missing else ()

    def note_incident(self, one: Deployment) -> None:
        """Write into the incident that a model was trained for what became of the model."""
        if not (self.settings.incident_table and one.incident_id):
            return
        told = ": ".join(filter(None, (f"{one.title} {one.status}", one.reason)))
        try:
            table(self.settings.incident_table).update_item(
                Key={"endpoint": one.endpoint, "incident_id": one.incident_id},
                UpdateExpression="SET promotion = :told",
                ConditionExpression=Attr("incident_id").exists(),
                ExpressionAttributeValues={":told": told},
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise

    def tell(self, one: Deployment) -> None:
        """Send one message about a deployment."""
        left_out = sorted(set(self.settings.guards) - set(one.alarms))
        notes = list(one.notes)
        if one.status is Status.DEPLOYING:
            notes += [f"no guard, for it rang before: {name}" for name in left_out]
        about(one, self.settings.runbook_url, notes).send(self.settings.topic_arn)

    def package(self, name: str) -> service.Package:
        """Return a version of the registry."""
        return service.read_package(name)

    def approved(self) -> list[service.Package]:
        """Return the approved versions, the latest first."""
        return [service.read_package(name) for name in service.approved_packages(self.settings.group)]

    def check_identity(self, champion: Champion) -> list[str]:
        """Hold what serves against what was recorded, count the differences as a metric, and tell new ones."""
        recorded = ServedIdentity.model_validate_json(read(champion.identity_uri))
        live = read_identity(champion.endpoint)
        experiments = f"s3://{self.settings.bucket}/experiments/{champion.endpoint}/"
        splits = decided_splits(experiments, recorded.config_name, champion.since)
        found = [*differences(expected(recorded, live, splits), live), *self._other_baselines(champion)]
        self._told_once(champion, found)
        client("cloudwatch").put_metric_data(
            Namespace=NAMESPACE,
            MetricData=[
                {
                    "MetricName": UNAPPROVED_CHANGES.name,
                    "Dimensions": [{"Name": "Endpoint", "Value": champion.endpoint}],
                    "Timestamp": self.now(),
                    "Value": len(found),
                    "Unit": "Count",
                }
            ],
        )
        return found

    def _other_baselines(self, champion: Champion) -> list[str]:
        """Return which baselines in force are of another model than the one that serves."""
        of_models = dict[str, str]()
        for monitor in self.settings.baselines:
            prefix = f"s3://{self.settings.bucket}/baselines/{champion.endpoint}/{monitor}/"
            if pointer := BaselineStore(prefix).pointer():
                of_models[monitor] = pointer.model
        return [
            f"baseline of {monitor}: is of {model}, the endpoint serves {champion.identity}"
            for monitor, model in of_models.items()
            if model != champion.identity
        ]

    def _told_once(self, champion: Champion, found: list[str]) -> None:
        """Tell people of differences, unless these have been told already."""
        uri = f"s3://{self.settings.bucket}/identity/{champion.endpoint}/told.json"
        body: dict[str, Any] = {"deployment_id": champion.deployment_id, "changes": found}
        before = read_if_present(uri)
        if body == (json.loads(before) if before else {**body, "changes": []}):
            return
        if found:
            about_identity(champion, found, self.settings.runbook_url).send(self.settings.topic_arn)
        write(uri, json.dumps(body, indent=2).encode())
