"""Metric queries: the structures of the CloudWatch API that say which numbers an alarm looks at."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_pascal

from monitoring_core.alarms.expression import Expression

HIGH_RESOLUTION_PERIODS: Final = (10, 20, 30)


def _check_statistic(stat: str) -> str:
    if stat in {"SampleCount", "Average", "Sum", "Minimum", "Maximum"}:
        return stat
    if re.fullmatch(r"p\d{1,3}(\.\d{1,10})?", stat) and float(stat[1:]) <= 100:  # noqa: PLR2004 - percent
        return stat
    raise ValueError(
        f"statistic {stat!r} is not supported; use SampleCount, Average, Sum, Minimum, Maximum, p0 to p100"
    )


def _check_period(period: int) -> int:
    if period in HIGH_RESOLUTION_PERIODS or (period > 0 and period % 60 == 0):
        return period
    raise ValueError(f"a period is 10, 20, 30 or a multiple of 60 seconds, got {period}")


Statistic = Annotated[str, AfterValidator(_check_statistic)]
Period = Annotated[int, AfterValidator(_check_period)]


class ApiModel(BaseModel):
    """A structure of the CloudWatch API: its key names, and no others."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_pascal)

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, data: Any) -> Any:
        return {key: value for key, value in data.items() if value is not None} if isinstance(data, Mapping) else data


class Dimension(ApiModel):
    """One dimension of a metric."""

    name: str
    value: str


class MetricIdentity(ApiModel):
    """Which metric: namespace, name, and exactly these dimensions."""

    namespace: str
    metric_name: str
    dimensions: tuple[Dimension, ...] = ()

    @property
    def dimension_values(self) -> dict[str, str]:
        """Value by dimension name."""
        return {dimension.name: dimension.value for dimension in self.dimensions}


class MetricStat(ApiModel):
    """A metric and how to aggregate it over each period."""

    metric: MetricIdentity
    period: Period
    stat: Statistic
    unit: str | None = None


class MetricDataQuery(ApiModel):
    """A metric, or an expression over the other queries, under an id."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-zA-Z0-9_]{0,254}$")]
    metric_stat: MetricStat | None = None
    expression: str | None = None
    label: str | None = None
    return_data: bool = True
    period: Period | None = None

    @model_validator(mode="after")
    def _is_one_kind(self) -> Self:
        if (self.metric_stat is None) == (self.expression is None):
            raise ValueError(f"query {self.id!r} needs exactly one of MetricStat and Expression")
        if self.expression is not None:
            Expression.parse(self.expression)
        return self

    @cached_property
    def parsed(self) -> Expression | None:
        """The expression, ready to evaluate; None for a metric."""
        return None if self.expression is None else Expression.parse(self.expression)
