"""One CloudWatch dashboard over all endpoints of a fleet: what is wrong now, and the worst drift of each endpoint.

Its body is written here rather than with CDK's widgets, which take eight seconds for a hundred endpoints.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeVar

from aws_cdk import Stack, aws_cloudwatch
from constructs import Construct

from infra.config import EndpointConfig, FleetConfig
from infra.config.schedule import DAY
from infra.constructs.permissions import COLON
from monitoring_core.errors import ConfigError
from monitoring_core.metric_names import DIMENSIONS, DRIFT_EXCESS, NAMESPACE, schedule_name

_Item = TypeVar("_Item")
_Widget = dict[str, Any]
_WIDTH: Final = 24
_MOST_METRICS: Final = 2500
"""Of a dashboard, those that expressions use included."""
_MOST_METRICS_OF_A_GRAPH: Final = 500
_MOST_ALARMS_OF_A_WIDGET: Final = 100
_SHOWN_ALARMS: Final = ("violations", "heartbeat")
"""Alarms of each monitor: a run that fails leaves no verdict, so the heartbeat tells it, too."""


def fleet_dashboard(
    scope: Construct, config: FleetConfig, endpoints: Sequence[EndpointConfig]
) -> aws_cloudwatch.CfnDashboard:
    """Declare the fleet's dashboard.

    Raises
    ------
    ConfigError
        If the endpoints have more monitors than CloudWatch draws on one dashboard.
    """
    monitors = sum(len(endpoint.monitors) for endpoint in endpoints)
    if monitors > _MOST_METRICS:
        raise ConfigError(
            f"the endpoints of the fleet {config.fleet} have {monitors} monitors, and a dashboard of CloudWatch draws "
            f"{_MOST_METRICS:,} at most; make two fleets of it"
        )
    body = {"widgets": [*_alarms(scope, endpoints), *_drift(Stack.of(scope).region, endpoints)]}
    return aws_cloudwatch.CfnDashboard(
        scope,
        "Dashboard",
        dashboard_name=f"watchkeeperfleet-{config.fleet}",
        dashboard_body=Stack.of(scope).to_json_string(body),
    )


def _alarms(scope: Construct, endpoints: Sequence[EndpointConfig]) -> Iterator[_Widget]:
    """Show those alarms that ring."""
    names = [name for endpoint in endpoints for name in _alarm_names(endpoint)]
    prefix = Stack.of(scope).format_arn(service="cloudwatch", resource="alarm", resource_name="", arn_format=COLON)
    for some in _portions(names, _MOST_ALARMS_OF_A_WIDGET):
        properties = {
            "title": f"Ringing now, of {some[0]} to {some[-1]}",
            "alarms": [f"{prefix}{name}" for name in some],
            "states": ["ALARM"],
        }
        yield {"type": "alarm", "width": _WIDTH, "height": 4, "properties": properties}


def _alarm_names(config: EndpointConfig) -> Iterator[str]:
    for monitor in config.monitors:
        shown = _SHOWN_ALARMS if config.is_scheduled(monitor) else _SHOWN_ALARMS[:1]
        yield from (f"{schedule_name(config.name, monitor.name)}-{name}" for name in shown)
    yield f"{config.name}-dead-letters"


def _drift(region: str, endpoints: Sequence[EndpointConfig]) -> Iterator[_Widget]:
    """Draw one line for each endpoint."""
    most = max((len(endpoint.monitors) for endpoint in endpoints), default=1)
    for some in _portions(endpoints, _MOST_METRICS_OF_A_GRAPH // most):
        names = f"{some[0].name} to {some[-1].name}"
        properties = {
            "title": f"Worst drift of each day (above 1 violates), {names}",
            "view": "timeSeries",
            "region": region,
            "period": DAY,
            "stat": "Maximum",
            "metrics": [row for number, endpoint in enumerate(some) for row in _worst_of(number, endpoint)],
        }
        yield {"type": "metric", "width": _WIDTH, "height": 8, "properties": properties}


def _worst_of(number: int, config: EndpointConfig) -> Iterator[list[Any]]:
    """Yield the largest excess over the monitors of an endpoint, and the metrics that it is made of."""
    ids = [f"e{number}m{i}" for i in range(len(config.monitors))]
    yield [{"expression": f"MAX([{', '.join(ids)}])", "label": config.name, "period": DAY}]
    for id_, monitor in zip(ids, config.monitors, strict=True):
        values = (config.name, schedule_name(config.name, monitor.name))
        dimensions = [part for pair in zip(DIMENSIONS, values, strict=True) for part in pair]
        yield [NAMESPACE, DRIFT_EXCESS.name, *dimensions, {"id": id_, "visible": False}]


def _portions(items: Sequence[_Item], size: int) -> Iterator[Sequence[_Item]]:
    return (items[start : start + size] for start in range(0, len(items), size))
