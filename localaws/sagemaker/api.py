"""Puts our operations in the place of moto's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

import botocore.session
from botocore import xform_name
from moto.core.responses import ActionResult
from moto.sagemaker.responses import SageMakerResponse

from localaws.sagemaker.constraints import check
from localaws.sagemaker.store import Document, Request, ValidationError

Operation = Callable[[Request], Document]

_PRETENDED_BY_MOTO = (
    "CreateAutoMLJobV2",
    "CreateCompilationJob",
    "CreateHyperParameterTuningJob",
    "RetryPipelineExecution",
    "Search",
)


class Family(Protocol):
    """Operations that belong together."""

    def operations(self) -> Mapping[str, Operation]:
        """Return the operations by Amazon's name."""


def plug_in(families: Iterable[Family]) -> None:
    """Let moto's SageMaker answer with the operations of `families`.

    Raises
    ------
    ValueError
        If Amazon has no operation of such a name.
    """
    model = botocore.session.get_session().get_service_model("sagemaker")
    operations = {name: _refused(name) for name in _PRETENDED_BY_MOTO}
    for family in families:
        operations.update(family.operations())
    if unknown := set(operations) - set(model.operation_names):
        raise ValueError(f"SageMaker has no operations {sorted(unknown)}")
    for name, operation in operations.items():
        setattr(SageMakerResponse, xform_name(name), _method(operation, model.operation_model(name).input_shape))


def _method(operation: Operation, shape: Any) -> Callable[[Any], ActionResult]:
    def answer(response: Any) -> ActionResult:
        check(response.params, shape)
        return ActionResult(operation(response.params))

    return answer


def _refused(name: str) -> Operation:
    def refuse(_: Request) -> Document:
        raise ValidationError(f"{name} is not run on the local account.")

    return refuse
