"""Jobs that make the baselines of large data sets: where there are any, what they are, and what may start them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.baseline.request import Properties
from functions.common.contract import Runtime
from infra.config import parse_config
from infra.constructs.baseline import may_need_job

from .conftest import Resources, Template
from .test_runtime_managed import synth
from .test_runtime_own import definition, policy

MEMBER: dict[str, Any] = {
    "endpoint": {"name": "ep", "existing": True},
    "capture": {"destination": "s3://captured/data/"},
    "baseline": {"dataset": "s3://data/train.csv"},
}
OTHER = {"kind": "data-quality", "name": "other"}
FILES = {"statistics": "s3://data/statistics.json", "constraints": "s3://data/constraints.json"}


def test_the_job_is_that_of_the_windows_on_one_machine(jobs: Template) -> None:
    fit = definition(jobs, "BaselinesJobs")["States"]["Fit"]
    fold = definition(jobs)["States"]["Passes"]["ItemProcessor"]["States"]["Fold by processing"]
    assert (fit["Resource"], fit["Retry"], fit["ResultPath"]) == (fold["Resource"], fold["Retry"], None)
    fit, fold = fit["Parameters"], fold["Parameters"]
    assert fit["AppSpecification"] == fold["AppSpecification"] | {"ContainerArguments": ["fit"]}
    machines = fold["ProcessingResources"]["ClusterConfig"] | {"InstanceCount": 1}
    assert fit["ProcessingResources"]["ClusterConfig"] == machines
    rest = {"RoleArn", "AppSpecification", "ProcessingResources"}
    assert {name: fit[name] for name in fit.keys() - rest} == {name: fold[name] for name in fold.keys() - rest}
    assert fit["RoleArn"] != fold["RoleArn"]


def test_whatever_becomes_of_the_job_the_function_is_told(jobs: Template) -> None:
    states = definition(jobs, "BaselinesJobs")["States"]
    assert states["Fit"]["Next"] == "Tell"
    assert states["Fit"]["Catch"] == [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Tell"}]
    assert "BaselinesMaker" in states["Tell"]["Resource"]


def test_the_job_reads_the_data_set_and_writes_work_and_nothing_else(jobs: Template) -> None:
    role = policy(jobs, "BaselinesJobsRole")
    read, written = (
        json.dumps([one["Resource"] for one in role[action]]) for action in ("s3:GetObject", "s3:PutObject")
    )
    assert "jobs-capture/baseline/train.csv" in read
    assert "/work/Jobs-prod/*" in read
    assert not any(word in read for word in ("datacapture", "/baselines/", "ground-truth"))
    assert written.count("/work/Jobs-prod/*") == written.count("*") == 1


def test_cloudformation_waits_as_long_as_it_can_and_the_function_understands_the_order(
    jobs: Template, of_type: Any
) -> None:
    found: Resources = of_type(jobs, "Custom::WatchkeeperBaseline")
    by_monitor = {r["Properties"]["Monitor"]: r for _, r in found}
    for r in by_monitor.values():
        assert r["Properties"]["ServiceTimeout"] == "3600"
        assert any("BaselinesJobsMayStart" in name for name in r["DependsOn"])
    given = by_monitor["model-quality"]["Properties"] | {"Bucket": "b", "Jobs": "arn"}
    order = Properties.parse(given)
    assert (order.runtime, order.jobs) == (Runtime.PROCESSING, "arn")
    assert order.function_bytes == 1769 * 1024**2 // 20  # what the function's memory holds, below `function_max`
    assert by_monitor["data-quality"]["Properties"]["Runtime"] == "auto"
    assert by_monitor["prediction-drift"]["Properties"]["Runtime"] == "auto"


def test_only_who_promotes_may_ask_why_a_job_has_failed(jobs: Template) -> None:
    role = {"model_package_group": "m", "execution_role": "arn:aws:iam::111122223333:role/models"}
    watched = {"monitors": [{"kind": "data-quality"}], "runtime": {"processing": {}}, "promotion": role}
    promoting = synth(parse_config({**MEMBER, **watched}, "f"))
    asks = [policy(template, "BaselinesJobsMayStart") for template in (jobs, promoting)]
    assert ["states:DescribeExecution" in one for one in asks] == [False, True]
    assert all("states:ListExecutions" in one for one in asks)


def test_without_processing_jobs_nothing_may_start_any(flights: Template, of_type: Any) -> None:
    assert not [name for name in flights["Resources"] if name.startswith("BaselinesJobs")]
    maker = policy(flights, "BaselinesMaker")
    assert not [action for action in maker if action.startswith(("states:", "sagemaker:"))]
    assert "/work/" not in json.dumps(maker)
    resources: Resources = of_type(flights, "Custom::WatchkeeperBaseline")
    assert not any({"Jobs", "Runtime", "FunctionBytes"} & r["Properties"].keys() for _, r in resources)


@pytest.mark.parametrize(
    ("changes", "may"),
    [
        ({"runtime": {"processing": {}}}, True),
        ({"monitors": [{"kind": "data-quality", "runtime": "processing"}]}, True),
        ({}, False),
        ({"monitors": [{"kind": "data-quality", "runtime": "function"}, {**OTHER, "runtime": "processing"}]}, False),
        ({"runtime": {"processing": {}}, "baseline": FILES}, False),
    ],
    ids=["auto", "processing", "no jobs", "function", "files that exist"],
)
def test_a_data_set_may_go_to_a_job_unless_the_function_is_asked_for(changes: dict[str, Any], may: bool) -> None:
    config = parse_config({**MEMBER, "monitors": [{"kind": "data-quality"}], **changes}, "f")
    assert may_need_job(config, config.monitors[0]) is may
