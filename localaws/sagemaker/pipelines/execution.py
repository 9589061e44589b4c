"""One execution of a pipeline: its steps run one after the other in a thread of its own."""

from __future__ import annotations

import threading
from typing import Any

from localaws.sagemaker import events
from localaws.sagemaker.account import Account
from localaws.sagemaker.pipelines.definition import Definition, Step, ordered
from localaws.sagemaker.pipelines.expressions import ExpressionError, Scope
from localaws.sagemaker.pipelines.steps import Runner, StepError
from localaws.sagemaker.store import Document, Record

_FAILED = "Step failure: One or multiple steps failed."
_LONGEST_REASON = 1024


class Execution:
    """A running or finished execution.

    Attributes
    ----------
    record : Record
        What DescribePipelineExecution answers.
    definition_text, parameters
        What it was started with.
    steps : list of dict
        The steps that were started, in Amazon's form, oldest first.
    """

    def __init__(
        self, account: Account, record: Record, definition_text: str, parameters: dict[str, str], runner: Runner
    ) -> None:
        self.record, self.definition_text, self.parameters = record, definition_text, parameters
        self.steps: list[Document] = []
        self._account, self._runner = account, runner
        self._definition = Definition.read(definition_text)
        self._values = self._definition.values(parameters)
        self._ran: dict[str, tuple[Step, Document]] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=record.arn)

    def start(self) -> None:
        """Run in the background."""
        self._set_status("Executing", None)
        self._thread.start()

    def wait(self) -> bool:
        """Wait until it is over; tell whether it was still running."""
        running = self._thread.is_alive()
        self._thread.join()
        return running

    def stop(self) -> None:
        """End the step that runs now, and start no other."""
        self._stopping.set()
        if not self._thread.is_alive():
            return
        self._set_status("Stopping", self.record.document["PipelineExecutionStatus"])
        for shown in self.steps:
            if shown["StepStatus"] == "Executing":
                self._runner.stop(shown["Metadata"])

    def _run(self) -> None:
        status, reason = "Succeeded", None
        try:
            self._run_steps(self._definition.steps)
        except StepError as error:
            status, reason = "Failed", str(error)
        except Exception as error:  # whatever it was: SageMaker tells it as the execution's reason
            status, reason = "Failed", f"InternalServerError: {error!r}"
        if self._stopping.is_set():
            status, reason = "Stopped", None
        if reason:
            self.record.document["FailureReason"] = reason[:_LONGEST_REASON]
        self._set_status(status, self.record.document["PipelineExecutionStatus"])

    def _run_steps(self, steps: tuple[Step, ...] | list[Step]) -> None:
        for step in steps:
            if self._stopping.is_set():
                return
            if step.needs - self._ran.keys():  # it waits for a step of a branch that was not chosen
                continue
            chosen = self._run_step(step)
            if chosen is not None:
                self._run_steps(ordered(step.branches()[chosen]))

    def _run_step(self, step: Step) -> bool | None:
        shown: Document = {"StepName": step.name, "StartTime": self._account.now(), "AttemptCount": 1, "Metadata": {}}
        if step.display_name:
            shown["StepDisplayName"] = step.display_name
        self.steps.append(shown)
        self._announce_step(step, shown, "Starting")
        self._announce_step(step, shown, "Executing")

        def started(metadata: Document) -> None:
            shown["Metadata"] = metadata
            if self._stopping.is_set():  # asked for before there was a job to end
                self._runner.stop(metadata)

        suffix = f"pipelines-{self.record.arn.rsplit('/', 1)[-1]}"
        try:
            ran = self._runner.run(step, self._scope(), suffix, started)
        except (StepError, ExpressionError) as error:
            stopped = self._stopping.is_set()
            shown |= {"EndTime": self._account.now()} | (
                {} if stopped else {"FailureReason": str(error)[:_LONGEST_REASON]}
            )
            self._announce_step(step, shown, "Stopped" if stopped else "Failed")
            raise StepError(str(error) if step.kind == "Fail" else _FAILED) from error
        shown |= {"EndTime": self._account.now(), "Metadata": ran.metadata}
        self._ran[step.name] = step, ran.properties
        self._announce_step(step, shown, "Succeeded")
        return ran.outcome

    def _scope(self) -> Scope:
        document = self.record.document
        execution = {
            "PipelineName": document["PipelineArn"].rsplit("/", 1)[-1],
            "PipelineArn": document["PipelineArn"],
            "PipelineExecutionArn": self.record.arn,
            "PipelineExecutionId": self.record.arn.rsplit("/", 1)[-1],
            "StartDateTime": events.iso(document["CreationTime"]),
            "CurrentDateTime": events.iso(self._account.now()),
        }
        properties = {name: done for name, (_, done) in self._ran.items()}
        return Scope({"Parameters": self._values, "Steps": properties, "Execution": execution}, self._property_file)

    def _property_file(self, step: str, name: str) -> Any:
        if step not in self._ran:
            raise ExpressionError(f"step {step!r} has not run, so its property file {name!r} cannot be read")
        return self._runner.property_file(*self._ran[step], name)

    def _set_status(self, status: str, previous: str | None) -> None:
        now, document = self._account.now(), self.record.document
        document |= {"PipelineExecutionStatus": status, "LastModifiedTime": now}
        detail: Document = {
            "pipelineExecutionDisplayName": document["PipelineExecutionDisplayName"],
            "pipelineArn": document["PipelineArn"],
            "pipelineExecutionArn": self.record.arn,
            "currentPipelineExecutionStatus": status,
            "executionStartTime": events.iso(document["CreationTime"]),
        }
        if "PipelineExecutionDescription" in document:
            detail["pipelineExecutionDescription"] = document["PipelineExecutionDescription"]
        if previous is not None:
            detail["previousPipelineExecutionStatus"] = previous
        if status in ("Succeeded", "Failed", "Stopped"):
            detail["executionEndTime"] = events.iso(now)
        self._send("Pipeline Execution Status Change", detail)

    def _announce_step(self, step: Step, shown: Document, status: str) -> None:
        previous, shown["StepStatus"] = shown.get("StepStatus"), status
        detail: Document = {
            "pipelineArn": self.record.document["PipelineArn"],
            "pipelineExecutionArn": self.record.arn,
            "stepName": step.name,
            "stepType": step.kind,
            "currentStepStatus": status,
            "stepStartTime": events.iso(shown["StartTime"]),
            "metadata": {_camel(key): {_camel(k): v for k, v in one.items()} for key, one in shown["Metadata"].items()},
        }
        if previous is not None:
            detail["previousStepStatus"] = previous
        if "EndTime" in shown:
            detail["stepEndTime"] = events.iso(shown["EndTime"])
        if "FailureReason" in shown:
            detail["failureReason"] = shown["FailureReason"]
        self._send("Pipeline Execution Step Status Change", detail)

    def _send(self, kind: str, detail: Document) -> None:
        arns = (self.record.document["PipelineArn"], self.record.arn)
        events.send(self._account, f"Model Building {kind}", detail, *arns)


def _camel(name: str) -> str:
    return name[:1].lower() + name[1:]
