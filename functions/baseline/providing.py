"""Provide a baseline: choose where it is made, have it made, put it in force."""

from __future__ import annotations

from datetime import datetime

from aws_lambda_powertools import Logger

from functions.baseline.choice import Choice, choose
from functions.baseline.job import take_or_start
from functions.baseline.making import make
from functions.baseline.packaged import read_packaged
from functions.baseline.request import Properties
from functions.common.baselines import BaselineStore, Pointer
from functions.common.contract import Engine
from functions.common.custom_resource import CloudFormationRequest
from functions.common.fitting import MadeBaseline
from functions.common.storage import size_of
from monitoring_core.baseline_files import CONSTRAINTS, STATISTICS

logger = Logger(service="baseline")


def provide(
    properties: Properties, now: datetime, *, reason: str, request: CloudFormationRequest | None = None
) -> dict[str, str] | None:
    """Return the baseline that is in force now; None while a job makes it.

    Parameters
    ----------
    reason : str
        Why the pointer moves; kept with the move.
    request : CloudFormationRequest, optional
        What is to be answered when a job has ended. Left out: whoever asks, asks again.
    """
    packaged = read_packaged(properties, now)
    choice = _choose(properties) if packaged is None else Choice(Engine.FUNCTION, "function: the model package has it")
    logger.info("chosen", extra={"monitor": properties.monitor, "engine": choice.engine, "why": choice.reason})
    if choice.engine is Engine.FUNCTION:
        made: MadeBaseline | None = packaged or make(properties, now)
    else:
        made = take_or_start(properties, choice, now, request)
    return None if made is None else put_in_force(properties, made, now, reason=reason, choice=choice)


def put_in_force(
    properties: Properties, made: MadeBaseline, now: datetime, *, reason: str, choice: Choice
) -> dict[str, str]:
    """Save a baseline and let the pointer name it; return what CloudFormation gets to know of it."""
    store = BaselineStore(properties.prefix)
    store.save(made.files)
    model = made.files.info.model if made.files.info else properties.model
    wanted, pointer = Pointer(baseline_id=made.files.baseline_id, model=model, moved_at=now), store.pointer()
    if must_move(pointer, wanted):
        store.move(wanted, reason=reason, engine_reason=choice.reason)
        logger.info("pointer moved", extra={"to": wanted.baseline_id, "was": pointer.baseline_id if pointer else None})
    return {
        "BaselineId": wanted.baseline_id,
        "StatisticsUri": store.uri(wanted.baseline_id, STATISTICS),
        "ConstraintsUri": store.uri(wanted.baseline_id, CONSTRAINTS),
        "Rows": str(made.rows),
        "UnreadableRows": str(made.unreadable_rows),
        "EngineReason": choice.reason,
    }


def must_move(pointer: Pointer | None, wanted: Pointer) -> bool:
    """Return whether another baseline, or the same for another model, comes into force."""
    return pointer is None or (pointer.baseline_id, pointer.model) != (wanted.baseline_id, wanted.model)


def _choose(properties: Properties) -> Choice:
    if not properties.dataset:
        return Choice(Engine.FUNCTION, "function: the files exist already")
    if not properties.jobs:
        return Choice(Engine.FUNCTION, "function: this stack has no processing jobs for it")
    return choose(properties.runtime, properties.dataset, size_of(properties.dataset), properties.function_bytes)
