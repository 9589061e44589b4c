"""How each kind of step is run: by the same API a person would call."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError, ParamValidationError

from localaws.sagemaker import storage
from localaws.sagemaker.jobs import Jobs
from localaws.sagemaker.pipelines.conditions import holds
from localaws.sagemaker.pipelines.definition import Step
from localaws.sagemaker.pipelines.expressions import Scope
from localaws.sagemaker.store import Document

_CONDITION_FIELDS = ("IfSteps", "ElseSteps")


class StepError(Exception):
    """Why a step failed."""


@dataclass(frozen=True)
class Ran:
    """What a step leaves behind.

    Attributes
    ----------
    properties : dict
        What ``Steps.<name>`` stands for afterwards: the description of the job, model or package.
    metadata : dict
        As in ``ListPipelineExecutionSteps``.
    outcome : bool or None
        Which branch a condition chose.
    """

    properties: Document
    metadata: Document
    outcome: bool | None = None


@dataclass(frozen=True)
class Runner:
    """Runs single steps.

    Attributes
    ----------
    client : callable
        Makes boto3 clients, with the permissions of the pipeline's role.
    processing, training : Jobs
        Where jobs are waited for.
    """

    client: Callable[[str], Any]
    processing: Jobs
    training: Jobs

    def run(self, step: Step, scope: Scope, suffix: str, started: Callable[[Document], None]) -> Ran:
        """Run `step`.

        Parameters
        ----------
        step : Step
            What to run.
        scope : Scope
            What its arguments can refer to.
        suffix : str
            Makes the names of what it creates unique.
        started : callable
            Told the metadata as soon as there is a job.

        Raises
        ------
        StepError, ExpressionError
            If it fails.
        """
        looked_at = {key: value for key, value in step.arguments.items() if key not in _CONDITION_FIELDS}
        name = f"{suffix}-{step.name}"[:63].rstrip("-")
        match step.kind:
            case "Condition":
                chosen = all(holds(one, scope) for one in step.arguments["Conditions"])
                return Ran({"Outcome": chosen}, {"Condition": {"Outcome": str(chosen)}}, chosen)
            case "Fail":
                message = str(scope.resolve(looked_at).get("ErrorMessage", ""))
                started({"Fail": {"ErrorMessage": message}})
                raise StepError(message)
            case "Processing":
                return self._job(self.processing, "create_processing_job", name, scope.resolve(looked_at), started)
            case "Training":
                return self._job(self.training, "create_training_job", name, scope.resolve(looked_at), started)
            case "RegisterModel":
                return self._register(scope.resolve(looked_at))
            case "Model":
                return self._model(name, scope.resolve(looked_at))
        raise StepError(f"steps of type {step.kind} are not run on the local account")

    def stop(self, metadata: Document) -> None:
        """End the job of a step that is running, if `metadata` tells of one."""
        for jobs in (self.processing, self.training):
            if job := metadata.get(f"{jobs.kind}Job"):
                jobs.kill(jobs.table.get(job["Arn"]).document[f"{jobs.kind}JobName"])

    def property_file(self, step: Step, properties: Document, name: str) -> Any:
        """Read a property file that `step` declared, from where it put its output.

        Raises
        ------
        StepError
            If it is not declared, not there, or not JSON.
        """
        if name not in step.files:
            raise StepError(f"step {step.name} declares no property file {name!r}; it has {sorted(step.files)}")
        file = step.files[name]
        outputs = {one["OutputName"]: one["S3Output"] for one in properties["ProcessingOutputConfig"]["Outputs"]}
        uri = f"{outputs[file['OutputName']]['S3Uri'].rstrip('/')}/{file['FilePath']}"
        try:
            return json.loads(storage.read(self.client("s3"), uri))
        except (storage.StorageError, ValueError) as error:
            raise StepError(
                f"the property file {name} of step {step.name} cannot be read from {uri}: {error}"
            ) from error

    def _job(
        self, jobs: Jobs, operation: str, name: str, request: Document, started: Callable[[Document], None]
    ) -> Ran:
        answer = self._call(operation, {f"{jobs.kind}JobName": name} | request)
        metadata = {f"{jobs.kind}Job": {"Arn": answer[f"{jobs.kind}JobArn"]}}
        started(metadata)
        job = jobs.wait(request.get(f"{jobs.kind}JobName", name))
        if job[f"{jobs.kind}JobStatus"] != "Completed":
            reason = job.get("FailureReason", f"the job is {job[f'{jobs.kind}JobStatus']}")
            raise StepError(f"ClientError: {jobs.kind} job failed: {reason}")
        return Ran(job, metadata)

    def _register(self, request: Document) -> Ran:
        group = request.get("ModelPackageGroupName")
        if group and not self._has_group(group):  # a pipeline makes the group it registers into
            self._call("create_model_package_group", {"ModelPackageGroupName": group})
        arn = self._call("create_model_package", request)["ModelPackageArn"]
        package = self._call("describe_model_package", {"ModelPackageName": arn})
        return Ran(package, {"RegisterModel": {"Arn": arn}})

    def _has_group(self, name: str) -> bool:
        try:
            self.client("sagemaker").describe_model_package_group(ModelPackageGroupName=name)
        except ClientError:
            return False
        return True

    def _model(self, name: str, request: Document) -> Ran:
        request = {"ModelName": name} | request
        arn = self._call("create_model", request)["ModelArn"]
        model = self._call("describe_model", {"ModelName": request["ModelName"]})
        return Ran(model, {"Model": {"Arn": arn}})

    def _call(self, operation: str, request: Document) -> Document:
        try:
            answer: Document = getattr(self.client("sagemaker"), operation)(**request)
        except (ClientError, ParamValidationError) as error:
            raise StepError(f"ClientError: {error}") from error
        return answer
