"""The operations on pipelines and their executions."""

from __future__ import annotations

import random
import string
import threading
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from localaws.sagemaker import storage
from localaws.sagemaker.account import Account
from localaws.sagemaker.api import Operation
from localaws.sagemaker.pipelines.definition import Definition, DefinitionError
from localaws.sagemaker.pipelines.execution import Execution
from localaws.sagemaker.pipelines.steps import Runner
from localaws.sagemaker.store import (
    Document,
    Listing,
    NotFound,
    Record,
    Request,
    Table,
    ValidationError,
    described,
    within,
)

_PIPELINES = Listing("PipelineSummaries", name="PipelineName")
_EXECUTIONS = Listing("PipelineExecutionSummaries", name="PipelineExecutionArn", status="PipelineExecutionStatus")
_STEPS = Listing("PipelineExecutionSteps", name="StepName", created="StartTime")
_ID_LENGTH = 12
_UPDATED = ("PipelineDisplayName", "PipelineDescription", "RoleArn", "ParallelismConfiguration")


class Pipelines:
    """The operations on pipelines and their executions.

    An execution takes no simulated time. Steps are never taken from a cache.
    """

    def __init__(self, account: Account, table: Table, runner: Runner) -> None:
        self._account, self._table, self._runner = account, table, runner
        self._executions: dict[str, Execution] = {}
        self._by_token: dict[tuple[str, str], Execution] = {}
        self._random = random.Random(f"{account.seed} pipelines")  # noqa: S311 - a simulation
        self._lock = threading.Lock()

    def operations(self) -> Mapping[str, Operation]:
        """Return the operations by Amazon's name."""
        return {
            "CreatePipeline": self.create,
            "UpdatePipeline": self.update,
            "DescribePipeline": lambda request: self._table.get(request["PipelineName"]).document,
            "ListPipelines": self.list_pipelines,
            "DeletePipeline": self.delete,
            "StartPipelineExecution": self.start,
            "StopPipelineExecution": self.stop,
            "DescribePipelineExecution": lambda request: self._execution(request).record.document,
            "ListPipelineExecutions": self.list_executions,
            "ListPipelineExecutionSteps": self.list_steps,
            "ListPipelineParametersForExecution": self.list_parameters,
            "DescribePipelineDefinitionForExecution": self.describe_definition,
        }

    def create(self, request: Request) -> Document:
        """Keep a pipeline whose definition can be run here."""
        name, now = request["PipelineName"], self._account.now()
        document = described(
            request,
            PipelineArn=self._table.arn(name),
            PipelineDefinition=self._definition(request),
            PipelineStatus="Active",
            CreationTime=now,
            LastModifiedTime=now,
        )
        document.setdefault("PipelineDisplayName", name)
        document.pop("ClientRequestToken")
        document.pop("PipelineDefinitionS3Location", None)
        return {"PipelineArn": self._table.add(name, document, request.get("Tags", [])).arn}

    def update(self, request: Request) -> Document:
        """Change what the request mentions; executions keep the definition they started with."""
        record = self._table.get(request["PipelineName"])
        changed = {field: request[field] for field in _UPDATED if field in request}
        if "PipelineDefinition" in request or "PipelineDefinitionS3Location" in request:
            changed["PipelineDefinition"] = self._definition(request)
        record.document |= changed | {"LastModifiedTime": self._account.now()}
        return {"PipelineArn": record.arn}

    def delete(self, request: Request) -> Document:
        """Forget a pipeline; its executions stay."""
        return {"PipelineArn": self._table.remove(request["PipelineName"]).arn}

    def list_pipelines(self, request: Request) -> Document:
        """List pipelines, of a name's beginning if asked for."""
        prefix = request.get("PipelineNamePrefix") or ""
        found = [one.document for one in self._table if one.document["PipelineName"].startswith(prefix)]
        return _PIPELINES.answer(found, request)

    def start(self, request: Request) -> Document:
        """Start an execution, or answer with the one this token has already started."""
        pipeline = self._table.get(request["PipelineName"])
        token = pipeline.arn, request["ClientRequestToken"]
        parameters = {one["Name"]: one["Value"] for one in request.get("PipelineParameters", [])}
        with self._lock:
            if (known := self._by_token.get(token)) is not None:
                if known.parameters != parameters:
                    raise ValidationError(f"The token {token[1]} has already started an execution of other parameters.")
                return {"PipelineExecutionArn": known.record.arn}
            execution = self._new(pipeline, request, parameters)
            self._by_token[token] = self._executions[execution.record.arn] = execution
        execution.start()
        return {"PipelineExecutionArn": execution.record.arn}

    def stop(self, request: Request) -> Document:
        """Stop an execution."""
        execution = self._execution(request)
        execution.stop()
        return {"PipelineExecutionArn": execution.record.arn}

    def list_executions(self, request: Request) -> Document:
        """List the executions of a pipeline."""
        pipeline = self._table.get(request["PipelineName"])
        found = [
            execution.record.document | {"StartTime": execution.record.document["CreationTime"]}
            for execution in self._executions.values()
            if execution.record.document["PipelineArn"] == pipeline.arn
            and within(
                execution.record.document["CreationTime"], request.get("CreatedAfter"), request.get("CreatedBefore")
            )
        ]
        return _EXECUTIONS.answer(found, request)

    def list_steps(self, request: Request) -> Document:
        """List the steps that were started."""
        return _STEPS.answer(self._execution(request).steps, request)

    def list_parameters(self, request: Request) -> Document:
        """List the parameters an execution was started with."""
        given = self._execution(request).parameters
        return {"PipelineParameters": [{"Name": name, "Value": value} for name, value in given.items()]}

    def describe_definition(self, request: Request) -> Document:
        """Return the definition an execution runs."""
        execution = self._execution(request)
        created = execution.record.document["CreationTime"]
        return {"PipelineDefinition": execution.definition_text, "CreationTime": created}

    def settle(self) -> bool:
        """Wait until no execution runs; tell whether any did."""
        waited = [execution.wait() for execution in list(self._executions.values())]
        return any(waited)

    def close(self) -> None:
        """Stop what runs."""
        for execution in list(self._executions.values()):
            execution.stop()

    def _new(self, pipeline: Record, request: Request, parameters: dict[str, str]) -> Execution:
        identifier = "".join(self._random.choices(string.ascii_lowercase + string.digits, k=_ID_LENGTH))
        arn, now = f"{pipeline.arn}/execution/{identifier}", self._account.now()
        document: Document = {
            "PipelineArn": pipeline.arn,
            "PipelineExecutionArn": arn,
            "PipelineExecutionDisplayName": request.get("PipelineExecutionDisplayName", f"execution-{identifier}"),
            "PipelineExecutionStatus": "Executing",
            "CreationTime": now,
            "LastModifiedTime": now,
        }
        if description := request.get("PipelineExecutionDescription"):
            document["PipelineExecutionDescription"] = description
        runner = replace(self._runner, client=partial(self._account.client, role=pipeline.document["RoleArn"]))
        try:
            return Execution(
                self._account, Record(arn, document), pipeline.document["PipelineDefinition"], parameters, runner
            )
        except DefinitionError as error:
            raise ValidationError(str(error)) from error

    def _definition(self, request: Request) -> str:
        location = request.get("PipelineDefinitionS3Location")
        if (location is None) == ("PipelineDefinition" not in request):
            raise ValidationError("One of PipelineDefinition and PipelineDefinitionS3Location must be given.")
        try:
            text: str = (
                request["PipelineDefinition"]
                if location is None
                else storage.read(
                    self._account.client("s3"), f"s3://{location['Bucket']}/{location['ObjectKey']}"
                ).decode()
            )
            Definition.read(text)
        except (DefinitionError, storage.StorageError) as error:
            raise ValidationError(str(error)) from error
        return text

    def _execution(self, request: Request) -> Execution:
        arn = request["PipelineExecutionArn"]
        if arn not in self._executions:
            raise NotFound(f"Pipeline execution with ARN {arn} does not exist.")
        return self._executions[arn]
