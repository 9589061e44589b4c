"""What serves, held against what was recorded, while an experiment changes the weights."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from functions.common.champion import write_parameter
from functions.common.storage import write
from functions.experiment.log import WEIGHTS_SET, Step, StepLog
from functions.experiment.standing import Standing
from functions.promote.account import Account
from functions.promote.record import Champion
from functions.promote.served import read_identity
from functions.promote.settings import PromoteSettings
from monitoring_core.metric_names import champion_parameter

from .conftest import BUCKET, Inbox

NOW = datetime(2013, 4, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
LOG = StepLog(f"s3://{BUCKET}/experiments/ep/offers/")
EVEN, RAMPED = {"A": 1.0, "B": 1.0}, {"A": 0.4, "B": 1.6}
SHIFTING = (
    '{"strategy": "canary", "canary_percent": 10, "linear_steps": 1, "wait": 60, "bake": 60, "rollback_alarms": true}'
)


class Shop:
    """An endpoint of three variants, two of which an experiment compares, and the hourly check of what serves."""

    def __init__(self, inbox: Inbox) -> None:
        self.sagemaker, self.inbox = boto3.client("sagemaker"), inbox
        role = "arn:aws:iam::111122223333:role/r"
        self.sagemaker.create_model(ModelName="m", ExecutionRoleArn=role, PrimaryContainer={"Image": "i"})
        variants = [
            {
                "VariantName": name,
                "ModelName": "m",
                "InstanceType": "ml.m5.large",
                "InitialInstanceCount": 1,
                "InitialVariantWeight": 1.0,
            }
            for name in "ABC"
        ]
        self.sagemaker.create_endpoint_config(EndpointConfigName="c", ProductionVariants=variants)
        self.sagemaker.create_endpoint(EndpointName="ep", EndpointConfigName="c")
        uri = f"s3://{BUCKET}/identity/ep/v1.json"
        write(uri, read_identity("ep").model_dump_json().encode())
        self.champion = Champion.model_validate(
            {
                **dict.fromkeys(("identity", "declared", "model_name"), "m"),
                "endpoint": "ep",
                "config_name": "c",
                "deployment_id": "v1",
                "since": NOW,
                "identity_uri": uri,
            }
        )
        write_parameter(champion_parameter("ep"), self.champion.model_dump_json())
        self.settings = PromoteSettings.model_validate(
            {
                **dict.fromkeys(("declared", "deployment_table", "runbook_url"), "x"),
                "bucket": BUCKET,
                "endpoint": "ep",
                "variant": "A",
                "packages": "arn:p/",
                "topic_arn": inbox.topic_arn,
                "shifting": SHIFTING,
            }
        )

    def weigh(self, weights: dict[str, float]) -> None:
        """Change the weights, whoever asks for it."""
        wanted = [{"VariantName": name, "DesiredWeight": weight} for name, weight in weights.items()]
        self.sagemaker.update_endpoint_weights_and_capacities(EndpointName="ep", DesiredWeightsAndCapacities=wanted)

    def decide(
        self, number: int, previous: dict[str, float], weights: dict[str, float], done: str = "", **facts: Any
    ) -> Step:
        """Write a step of the experiment as its function does."""
        standing = Standing(endpoint="ep", experiment="offers", weights=weights, report="s3://b/report.html")
        given: dict[str, Any] = {"at": NOW + number * HOUR, "config_name": "c", **facts}
        step = Step(number=number, previous=previous, standing=standing, **given)
        assert LOG.append(step)
        if done:
            LOG.mark(step, WEIGHTS_SET, done)
        return step

    def check(self) -> list[str]:
        return Account(self.settings, NOW).check_identity(self.champion)


@pytest.fixture
def shop(s3: Any, inbox: Inbox) -> Shop:  # noqa: ARG001 - the bucket
    return Shop(inbox)


def test_weights_that_an_experiment_has_set_are_no_unapproved_change(shop: Shop) -> None:
    shop.decide(1, EVEN, EVEN)
    assert shop.check() == []
    step = shop.decide(2, EVEN, RAMPED)
    assert shop.check() == []  # decided, and not set yet
    shop.weigh(RAMPED)
    assert shop.check() == []  # set, and not marked yet
    LOG.mark(step, WEIGHTS_SET, "in force")
    assert shop.check() == []
    assert shop.inbox.messages() == []


def test_any_other_change_of_weights_is_one(shop: Shop) -> None:
    shop.weigh({"B": 3.0})
    assert shop.check() == ["variant B, weight: 1.0 -> 3.0"]
    ((subject, _),) = shop.inbox.messages()
    assert subject == "ep: an unapproved change of what it serves"


def test_taking_back_what_an_experiment_has_set_is_one(shop: Shop) -> None:
    shop.decide(2, EVEN, RAMPED, "in force")
    assert shop.check() == ["variant A, weight: 0.4 -> 1.0", "variant B, weight: 1.6 -> 1.0"]


def test_a_variant_outside_of_the_experiment_keeps_its_weight(shop: Shop) -> None:
    shop.decide(2, EVEN, RAMPED, "in force")
    shop.weigh({**RAMPED, "C": 0.1})
    assert shop.check() == ["variant C, weight: 1.0 -> 0.1"]


def test_weights_that_somebody_else_has_put_in_the_place_of_the_experiments_are_one(shop: Shop) -> None:
    shop.decide(2, EVEN, RAMPED, "left, for somebody else has changed the endpoint")
    shop.weigh(RAMPED)
    assert len(shop.check()) == 2


@pytest.mark.parametrize("facts", [{"at": NOW - HOUR}, {"config_name": "another"}])
def test_what_was_decided_before_the_deployment_or_on_another_configuration_counts_no_more(
    shop: Shop, facts: dict[str, Any]
) -> None:
    shop.decide(2, EVEN, RAMPED, "in force", **facts)
    assert shop.check() == []
    shop.weigh(RAMPED)
    assert len(shop.check()) == 2
