"""Blue/green deployments of the local account: traffic moves in simulated time, and back when an alarm rings."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.sagemaker.conftest import Bench


def update(bench: Bench, kind: str, *, wait: int = 300, bake: int = 300, **routing: Any) -> None:
    """Put the model that doubles into service, with alarm ``bad`` as guard."""
    bench.make_model("double", 2.0)
    sagemaker = bench.client("sagemaker")
    (variant,) = sagemaker.describe_endpoint_config(EndpointConfigName="config")["ProductionVariants"]
    sagemaker.create_endpoint_config(EndpointConfigName="next", ProductionVariants=[{**variant, "ModelName": "double"}])
    policy = {
        "TrafficRoutingConfiguration": {"Type": kind, "WaitIntervalInSeconds": wait, **routing},
        "TerminationWaitInSeconds": bake,
    }
    sagemaker.update_endpoint(
        EndpointName="ep",
        EndpointConfigName="next",
        DeploymentConfig={
            "BlueGreenUpdatePolicy": policy,
            "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "bad"}]},
        },
    )


def answers(bench: Bench, n: int = 60) -> list[float]:
    return [float(bench.invoke("1,2,3")) for _ in range(n)]


def status(bench: Bench) -> str:
    told = bench.client("sagemaker").describe_endpoint(EndpointName="ep")
    return f"{told['EndpointStatus']} {told['EndpointConfigName']}"


def test_a_canary_takes_its_share_then_all_and_the_old_fleet_ends_last(bench: Bench) -> None:
    bench.deploy()
    update(bench, "CANARY", CanarySize={"Type": "CAPACITY_PERCENT", "Value": 20})
    share = answers(bench, 100).count(12.0) / 100
    assert 0.05 < share < 0.4
    bench.advance(minutes=5)
    assert set(answers(bench)) == {12.0}
    assert status(bench) == "Updating config"
    bench.advance(minutes=5)
    assert status(bench) == "InService next"
    (first, second) = bench.changes("Endpoint Deployment State")
    kinds = [
        one["detail"]["PendingDeploymentSummary"]["ProductionVariants"][0]["VariantStatus"][0]["Status"]
        for one in (first, second)
    ]
    assert kinds == ["ActivatingTraffic", "Baking"]


def test_linear_steps_are_equal(bench: Bench) -> None:
    bench.deploy()
    update(bench, "LINEAR", bake=0, LinearStepSize={"Type": "CAPACITY_PERCENT", "Value": 50})
    assert set(answers(bench)) == {6.0, 12.0}
    bench.advance(minutes=5)
    assert status(bench) == "InService next"


def test_an_alarm_puts_everything_back(bench: Bench) -> None:
    bench.deploy()
    cloudwatch = bench.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="bad",
        MetricName="m",
        Namespace="n",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
    )
    update(bench, "ALL_AT_ONCE", wait=0)
    assert set(answers(bench)) == {12.0}
    cloudwatch.set_alarm_state(AlarmName="bad", StateValue="ALARM", StateReason="test")
    bench.advance(minutes=1)
    assert status(bench) == "InService config"
    assert set(answers(bench)) == {6.0}
    assert "bad" in bench.client("sagemaker").describe_endpoint(EndpointName="ep")["FailureReason"]


def test_traffic_shifts_between_variants_of_the_same_name_only(bench: Bench) -> None:
    bench.deploy()
    bench.make_model("double", 2.0)
    bench.make_config("other", {"double": 1.0})
    policy = {"TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}}
    with pytest.raises(ClientError, match="same variant"):
        bench.client("sagemaker").update_endpoint(
            EndpointName="ep", EndpointConfigName="other", DeploymentConfig={"BlueGreenUpdatePolicy": policy}
        )


def test_an_endpoint_is_updated_by_one_at_a_time(bench: Bench) -> None:
    bench.deploy()
    update(bench, "ALL_AT_ONCE", wait=0)
    with pytest.raises(ClientError, match="in-progress"):
        bench.client("sagemaker").update_endpoint(EndpointName="ep", EndpointConfigName="config")
