"""InvokeEndpoint: from the HTTP request to the model and back, with metrics and capture on the way."""

from __future__ import annotations

import json
import random
import re
import threading
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from werkzeug.datastructures import Headers
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.wrappers import Request

from localaws.sagemaker.account import Account
from localaws.sagemaker.capture import Capture, Invocation, Payload
from localaws.sagemaker.endpoints import Endpoints
from localaws.sagemaker.fleet import Answer, Variant
from localaws.sagemaker.invocation_metrics import InvocationMetrics
from localaws.sagemaker.store import Document

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HttpAnswer = tuple[int, dict[str, str], bytes]

_MODEL_ERROR = 424
_PATH = re.compile(r"/endpoints/(?P<name>[^/]+)/(?P<asynchronous>async-)?invocations")
_SIGNED_FOR = "/sagemaker/aws4_request"  # a bucket called "endpoints" has the same paths
_LARGEST_BODY = 25 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Request:
    """What a caller sends."""

    endpoint: str
    headers: Headers
    body: bytes


class Invocations:
    """Serves ``POST /endpoints/<name>/invocations``."""

    def __init__(self, account: Account, endpoints: Endpoints, capture: Capture, metrics: InvocationMetrics) -> None:
        self._account, self._endpoints, self._capture, self._metrics = account, endpoints, capture, metrics
        self._random = random.Random(f"{account.seed} variants")  # noqa: S311 - a simulation
        self._lock = threading.Lock()

    def in_front_of(self, application: WSGIApplication) -> WSGIApplication:
        """Return an application that answers invocations, and passes every other request on to `application`."""

        def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            match = _PATH.fullmatch(environ["PATH_INFO"])
            if match is None or _SIGNED_FOR not in environ.get("HTTP_AUTHORIZATION", ""):
                return application(environ, start_response)
            if match["asynchronous"]:
                refusal = "Asynchronous invocations are not run on the local account."
                status, headers, body = _error(400, "ValidationError", refusal)
            else:
                request = Request(environ)
                status, headers, body = self.invoke(match["name"], request.headers, request.get_data())
            headers |= {"Content-Length": str(len(body)), "x-amzn-RequestId": str(uuid.uuid4())}
            start_response(f"{status} {HTTP_STATUS_CODES[status]}", list(headers.items()))
            return [body]

        return answer

    def invoke(self, name: str, headers: Headers, body: bytes) -> HttpAnswer:
        """Answer one request as SageMaker does."""
        served = self._endpoints.served(name)
        if served is None:
            account = self._account.account_id
            return _error(400, "ValidationError", f"Endpoint {name} of account {account} not found.")
        if len(body) > _LARGEST_BODY:
            return _error(413, "ValidationError", f"The body has {len(body)} bytes; the limit is {_LARGEST_BODY}.")
        document, deployment = served
        variant = headers.get("X-Amzn-SageMaker-Target-Variant") or self._choose(document)
        if variant not in deployment.variants:
            return _error(400, "ValidationError", f"Variant {variant} was not found for endpoint {name}.")
        request = _Request(name, headers, body)
        container, answer = self._ask(request, variant, deployment.variants[variant], deployment.capture)
        for shadow in self._copied_to(document):
            self._ask(request, shadow, deployment.shadows[shadow], deployment.capture)
        if answer.status != 200:  # noqa: PLR2004 - HTTP
            return self._model_error(name, container, answer)
        return 200, {"Content-Type": answer.content_type, "x-Amzn-Invoked-Production-Variant": variant}, answer.body

    def _ask(self, request: _Request, name: str, variant: Variant, capture: Document) -> tuple[str, Answer]:
        """Let one variant answer, count that, and capture it."""
        headers, body = request.headers, request.body
        content_type = headers.get("Content-Type")
        started = time.perf_counter()
        container, answer = variant.ask(body, content_type or "", headers.get("Accept", ""))
        self._metrics.take(request.endpoint, name, answer.status, time.perf_counter() - started)
        if capture and answer.status == 200:  # noqa: PLR2004 - HTTP
            self._capture.take(
                Invocation(
                    endpoint=request.endpoint,
                    variant=name,
                    request=Payload(content_type, body),
                    response=Payload(answer.content_type, answer.body),
                    inference_id=headers.get("X-Amzn-SageMaker-Inference-Id"),
                    custom_attributes=headers.get("X-Amzn-SageMaker-Custom-Attributes"),
                    role=variant.role,
                ),
                capture,
            )
        return container, answer

    def _copied_to(self, document: Document) -> list[str]:
        """Return the shadow variants that get a copy of a request: each by its weight beside the production variant."""
        shadows = document.get("ShadowProductionVariants", [])
        if not shadows:
            return []
        weight = document["ProductionVariants"][0]["CurrentWeight"]
        with self._lock:
            return [one["VariantName"] for one in shadows if self._random.random() * weight < one["CurrentWeight"]]

    def _choose(self, document: Document) -> str:
        """Choose a variant by the weights in force, the same way in every run."""
        variants = document["ProductionVariants"]
        weights = [variant["CurrentWeight"] for variant in variants]
        with self._lock:
            chosen = self._random.choices(variants, weights)[0] if any(weights) else variants[0]
        name: str = chosen["VariantName"]
        return name

    def _model_error(self, name: str, container: str, answer: Answer) -> HttpAnswer:
        kind = "client" if answer.status < 500 else "server"  # noqa: PLR2004 - HTTP
        group = f"/aws/sagemaker/Endpoints/{name}"
        return _error(
            _MODEL_ERROR,
            "ModelError",
            f'Received {kind} error ({answer.status}) from {container} with message "{answer.message}". See {group} in '
            f"account {self._account.account_id} for more information.",
            OriginalStatusCode=answer.status,
            OriginalMessage=answer.message,
            LogStreamArn=f"arn:aws:logs:{self._account.region}:{self._account.account_id}:log-group:{group}",
        )


def _error(status: int, code: str, message: str, **more: object) -> HttpAnswer:
    headers = {"Content-Type": "application/json", "x-amzn-ErrorType": code}
    return status, headers, json.dumps({"Code": code, "Message": message} | more).encode()
