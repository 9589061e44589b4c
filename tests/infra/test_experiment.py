"""What an experiment declares, and what it refuses."""

# ruff: noqa: E501 - one mistake, one line

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.experiment.spec import ExperimentInput
from infra.config import parse_config
from monitoring_core.errors import ConfigError

from .conftest import Template
from .test_field_effect import ATTACHED, SHADOWED, TESTED, changed
from .test_loop import permissions
from .test_runtime_managed import synth
from .test_runtime_own import joined


def asked(template: Template) -> ExperimentInput:
    """The input of the schedule, as the function reads it."""
    (given,) = (
        joined(resource["Properties"]["Target"]["Input"])
        for name, resource in template["Resources"].items()
        if name.startswith("ExperimentSchedule") and resource["Type"] == "AWS::Scheduler::Schedule"
    )
    return ExperimentInput.model_validate_json(given.replace("<aws.scheduler.scheduled-time>", "2013-04-01T00:10:00Z"))


@pytest.fixture(scope="module")
def offers(templates: dict[str, Template]) -> Template:
    return templates["offers-prod"]


def test_the_schedule_carries_all_that_a_run_needs(offers: Template) -> None:
    spec = asked(offers).experiment

    assert (spec.endpoint, spec.name, spec.treatments) == ("offers-prod", "offers-2", ("challenger",))
    assert (spec.rules.metric.name, spec.rules.guardrails[0].better) == ("accepted", "lower")
    assert (spec.rules.min_duration.days, spec.policy.step_duration.days) == (7, 2)
    assert (spec.lag_seconds, len(spec.ground_truth_prefixes)) == (86_400, 1)
    assert spec.columns.label == spec.predictions.label == "accepted"


def test_only_a_policy_that_acts_may_change_the_weights(offers: Template) -> None:
    telling = synth(parse_config(TESTED, "f"))
    actions = [
        {action for action, _ in permissions(one, "ExperimentCompareRoleDefaultPolicy")} for one in (offers, telling)
    ]

    assert ["sagemaker:UpdateEndpointWeightsAndCapacities" in one for one in actions] == [True, False]
    assert all("sagemaker:DescribeEndpoint" in one for one in actions)
    assert asked(telling).experiment.ground_truth_prefixes == ()


def test_a_monitor_can_watch_one_variant(offers: Template) -> None:
    text = json.dumps([r for r in offers["Resources"].values() if r["Type"] == "AWS::StepFunctions::StateMachine"])

    assert text.count(r"\\\"variant\\\":\\\"challenger\\\"") + text.count(r"\"variant\":\"challenger\"") >= 1


def test_a_shadow_stands_beside_the_variant_with_its_weight() -> None:
    template = synth(parse_config(changed(SHADOWED, ("endpoint", "create", "variants", 0, "weight"), 3), "f"))
    (config,) = (
        r["Properties"] for r in template["Resources"].values() if r["Type"] == "AWS::SageMaker::EndpointConfig"
    )

    (shadow,) = config["ShadowProductionVariants"]
    assert (shadow["VariantName"], shadow["InitialVariantWeight"]) == ("next", 3)
    assert config["ProductionVariants"][0]["InitialVariantWeight"] == 3


COMPARED = ("experiment",)
KNOWN = TESTED["experiment"]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (changed(TESTED, (*COMPARED, "control"), "rival"), "experiment.control: the endpoint has the variants champion, package, third, got 'rival'"),
        (changed(TESTED, (*COMPARED, "treatments"), ["rival"]), "experiment.treatments: the endpoint has the variants champion, package, third, got 'rival'"),
        (changed(TESTED, (*COMPARED, "treatments"), ["champion"]), "the control 'champion' cannot be a treatment, too"),
        (changed(TESTED, (*COMPARED, "metric"), {"name": "p"}), "say with `better` whether a higher or a lower 'p' is good"),
        (changed(TESTED, (*COMPARED, "metric"), {"name": "brier", "better": "higher"}), "of brier lower is better; remove `better`"),
        (changed(TESTED, (*COMPARED, "metric"), {"name": "revenue", "better": "higher"}), "there is no column 'revenue'; known: p, q, temp, wind, y"),
        (changed(TESTED, (*COMPARED, "split"), {"champion": 1}), "experiment.split: must name champion, package, third, got champion"),
        (changed(TESTED, COMPARED, KNOWN | {"split": {"champion": 1, "package": 1, "third": 1}, "policy": {"on_harm": "stop"}}), "experiment.policy: your callers choose the variant, so weights change nothing; use `tell`"),
        (changed(TESTED, (*COMPARED, "policy"), {"steps": [0.8, 0.5]}), "`steps` must rise, got 0.8, 0.5"),
        (changed(TESTED, (*COMPARED, "min_duration"), "60d"), "`min_duration` must not be above `max_duration`"),
        (SHADOWED | {"experiment": {"name": "n", "control": "champion", "metric": {"name": "p", "better": "lower"}, "policy": {"on_winner": "ramp"}}}, "experiment.policy: a shadow variant answers nobody, so weights change nothing; use `tell`"),
        (SHADOWED | {"experiment": {"name": "n", "control": "champion", "metric": {"name": "log_loss"}}}, "experiment.metric.name: log_loss needs `schema.probability`"),
        (changed(TESTED, ("endpoint", "create", "shadow"), SHADOWED["endpoint"]["create"]["shadow"]), "SageMaker has a `shadow` beside a single variant only, got champion, package, third"),
        (ATTACHED | {"experiment": {"name": "n", "control": "a", "metric": {"name": "p", "better": "lower"}}}, "experiment.treatments: missing; name the variants that are held against the control"),
        (changed(TESTED, ("monitors", 0, "variant"), "rival"), "monitors[0].variant: the endpoint has the variants champion, package, third, got 'rival'"),
        (changed(ATTACHED, ("monitors", 1, "variant"), "a"), "monitors[1].variant: Model Monitor reads all variants; remove it"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(document: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(document, "monitoring.yaml")

    assert message in str(caught.value)
