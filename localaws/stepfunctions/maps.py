"""Map states: one item after the other, and a Distributed Map that fails when its children do.

Why each part of moto 5.2.5 is replaced
---------------------------------------
- ``InlineIterationComponent._launch_worker`` starts a thread for each of ``MaxConcurrency`` workers: which item comes
  first would be chance. No time passes inside an execution, so one after the other takes no longer here. The worker
  also calls itself for its next item, which ends at Python's limit of nested calls.
- ``DistributedItemProcessorWorker._eval_job`` gives the children of a Distributed Map the parent's place in the context
  object; on AWS each is an execution of its own, with a name and an input of its own.
- ``DistributedIterationComponent._map_run`` answers null for a child that failed, and succeeds.
"""

from __future__ import annotations

from typing import Any

from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.distributed_iteration_component import (
    DistributedIterationComponent,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.inline_iteration_component import (
    InlineIterationComponent,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor import (
    distributed_item_processor_worker as distributed,
)

from localaws.replacing import replace
from localaws.services import Services

_CAUSE = "The specified tolerated failure threshold was exceeded"
_PERCENT = 100.0


class _OneJob:
    """The pool of jobs as a worker sees it that is to take one of them."""

    def __init__(self, pool: Any, job: Any) -> None:
        self._pool, self._jobs = pool, [job]

    def next_job(self) -> Any:
        return self._jobs.pop() if self._jobs else None

    def close_job(self, job: Any) -> None:
        self._pool.close_job(job)


def install(services: Services) -> None:
    """Let map states do what Amazon's do."""
    _in_order()
    _with_own_identity(services)
    _with_failures()


def _in_order() -> None:
    def launch_worker(self: Any, env: Any, eval_input: Any, job_pool: Any) -> None:
        while (job := job_pool.next_job()) is not None:
            self._create_worker(env=env, eval_input=eval_input, job_pool=_OneJob(job_pool, job)).eval()

    replace(InlineIterationComponent, "_launch_worker", launch_worker)


def _with_own_identity(services: Services) -> None:
    def eval_job(self: Any, env: Any, job: Any) -> None:
        context, name = env.states.context_object.context_object_data, services.bus.new_id()
        label = self._map_run_record.map_state_machine_arn.rsplit(":", 1)[-1]
        arn = f"arn:aws:states:{services.region}:{services.account_id}:execution:{label}:{name}"
        context["Execution"] = {**context["Execution"], "Id": arn, "Name": name, "Input": job.job_input}
        original(self, env, job)

    original = replace(distributed.DistributedItemProcessorWorker, "_eval_job", eval_job)


def _with_failures() -> None:
    def map_run(self: Any, env: Any, eval_input: Any) -> None:
        original(self, env, eval_input)
        items = eval_input.map_run_record.item_counter
        failed, total = items.failed.get() + items.timed_out.get(), items.total.get()
        if failed and _too_many(failed, total, eval_input):
            raise FailureEventException(_exceeded(env))

    original = replace(DistributedIterationComponent, "_map_run", map_run)


def _too_many(failed: int, total: int, tolerated: Any) -> bool:
    """Tell whether more items failed than both thresholds allow; a threshold of 0 is one that was not given."""
    count, percentage = tolerated.tolerated_failure_count, tolerated.tolerated_failure_percentage
    if not count and not percentage:
        return True
    return bool((count and failed > count) or (percentage and failed * _PERCENT / total > percentage))


def _exceeded(env: Any) -> FailureEvent:
    name = StatesErrorName(typ=StatesErrorNameType.StatesExceedToleratedFailureThreshold)
    details: Any = {"executionFailedEventDetails": {"error": name.error_name, "cause": _CAUSE}}
    return FailureEvent(
        env=env,
        error_name=name,
        event_type=HistoryEventType.MapRunFailed,
        event_details=details,
    )
