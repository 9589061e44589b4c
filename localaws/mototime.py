"""Puts moto's services on the simulated clock.

moto 5.2.5 stamps what it creates with `moto.core.utils.utcnow`, which every module imports by name. The modules whose
times a user sees are led to the simulated clock here. Left on real time on purpose: STS (an SDK refuses credentials
that expired in 2013), CloudFormation (the CDK CLI reads only events newer than its own start), SQS (long polling waits
for its clock to move), and the keys, roles and tables that nobody dates.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from datetime import datetime

from moto.core.utils import utcfromtimestamp

from localaws.clock import Clock
from localaws.replacing import replace

SIMULATED = (
    "moto.awslambda.models",
    "moto.cloudwatch.models",
    "moto.events.models",
    "moto.glue.models",
    "moto.logs.models",
    "moto.s3.models",
    "moto.sagemaker.models",
    "moto.scheduler.models",
    "moto.sns.models",
    "moto.stepfunctions.models",
)

_EPOCH = utcfromtimestamp(0)


def install(clock: Clock) -> None:
    """Replace the time functions in each module of `SIMULATED` that has them."""

    def unix_time(moment: datetime | None = None) -> float:
        return ((moment or clock.naive()) - _EPOCH).total_seconds()

    def unix_time_millis(moment: datetime | None = None) -> float:
        return unix_time(moment) * 1000.0

    replacements: dict[str, Callable[..., object]] = {
        "utcnow": clock.naive,
        "unix_time": unix_time,
        "unix_time_millis": unix_time_millis,
    }
    for name in SIMULATED:
        module = importlib.import_module(name)
        for function, replacement in replacements.items():
            if hasattr(module, function):
                replace(module, function, replacement)
