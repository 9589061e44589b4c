"""The state machine's definition: Plan, then each pass on its engine, then Publish (docs/interfaces.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from aws_cdk import Duration, aws_lambda, aws_stepfunctions, aws_stepfunctions_tasks
from constructs import Construct

from infra.runtimes.jobs import OwnJobs

MAX_CONCURRENCY: Final = 4
"""Passes of one execution that are worked on at the same time."""
FUNCTIONS_SECONDS: Final = 3600
"""How long the functions of an execution take at most, tries again included."""
_ERRORS_WORTH_A_RETRY: Final = [
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
]
_Condition = aws_stepfunctions.Condition


class Definition(Construct):
    """States and how they follow on each other.

    Parameters
    ----------
    given : mapping
        Constants of the definition, which Plan gets beside the request: run specs, limits, engines.
    functions : mapping of str to Function
        ``plan``, ``evaluate`` and ``publish``.
    jobs : mapping of str to OwnJobs
        By engine; Plan picks no other.
    in_turn : bool
        Jobs wait until it is their turn, which Plan has taken for them.

    Attributes
    ----------
    start : IChainable
        First state.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        given: Mapping[str, Any],
        functions: Mapping[str, aws_lambda.IFunction],
        jobs: Mapping[str, OwnJobs],
        in_turn: bool,
    ) -> None:
        super().__init__(scope, construct_id)
        self._functions, self._jobs, self._in_turn = functions, jobs, in_turn
        reported = invoke(self, "Publish the failure of Plan", functions["publish"], result_path="$.published")
        plan = invoke(self, "Plan", functions["plan"], result_path="$")
        plan.add_catch(reported.next(self._failed("Nothing planned")), result_path="$.error")
        specs = aws_stepfunctions.Pass(
            self,
            "Specs",
            parameters={
                **given,
                "request.$": "$",
                "started_at.$": "$$.Execution.StartTime",
                "execution.$": "$$.Execution.Name",
            },
        )
        self.start = specs.next(plan).next(self._passes()).next(self._end())

    def _passes(self) -> aws_stepfunctions.Map:
        passes = aws_stepfunctions.Map(
            self,
            "Passes",
            items_path="$.passes",
            max_concurrency=MAX_CONCURRENCY,
            result_selector={"failed.$": "States.ArrayContains($[*].failed, true)"},
            result_path="$",
        )
        return passes.item_processor(self._pass())

    def _pass(self) -> aws_stepfunctions.IChainable:
        """Return the way of one pass; whatever fails on it, the others go on."""
        unpublished = aws_stepfunctions.Pass(self, "Unpublished", parameters={"failed": True})
        publish = invoke(self, "Publish", self._functions["publish"], result_path="$")
        publish.add_catch(unpublished)
        evaluate = invoke(self, "Evaluate", self._functions["evaluate"], result_path="$.result")
        evaluate.add_catch(publish, result_path="$.error").next(publish)
        engine = aws_stepfunctions.Choice(self, "Which engine?").when(
            _Condition.string_equals("$.engine", "none"), publish
        )
        for name, jobs in self._jobs.items():
            job = jobs.state(self, f"Fold by {name}")
            job.add_catch(publish, result_path="$.error").next(evaluate)
            engine.when(_Condition.string_equals("$.engine", name), self._wait(name, job))
        return engine.otherwise(evaluate)

    def _wait(self, engine: str, job: aws_stepfunctions.CustomState) -> aws_stepfunctions.IChainable:
        """Let the job wait for its turn, if jobs have turns."""
        if not self._in_turn:
            return job
        time = aws_stepfunctions.WaitTime.timestamp_path("$.job.starts_at")
        return aws_stepfunctions.Wait(self, f"Wait before {engine}", time=time).next(job)

    def _end(self) -> aws_stepfunctions.IChainable:
        failed = _Condition.boolean_equals("$.failed", True)  # noqa: FBT003 - CDK's signature
        done = aws_stepfunctions.Succeed(self, "Done")
        return aws_stepfunctions.Choice(self, "Did any run fail?").when(failed, self._failed("Failed")).otherwise(done)

    def _failed(self, name: str) -> aws_stepfunctions.Fail:
        return aws_stepfunctions.Fail(self, name, cause="A run failed; Publish has reported it.")


def invoke(
    scope: Construct, name: str, function: aws_lambda.IFunction, *, result_path: str
) -> aws_stepfunctions_tasks.LambdaInvoke:
    """Return a state that calls a function, again where the service had a fault."""
    task = aws_stepfunctions_tasks.LambdaInvoke(
        scope,
        name,
        lambda_function=function,
        payload_response_only=True,
        result_path=result_path,
        retry_on_service_exceptions=False,
    )
    task.add_retry(
        errors=_ERRORS_WORTH_A_RETRY,
        interval=Duration.seconds(2),
        max_attempts=6,
        backoff_rate=2,
        jitter_strategy=aws_stepfunctions.JitterType.FULL,
    )
    return task
