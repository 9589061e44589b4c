"""What API operation an HTTP request asks for, with which parameters."""

from __future__ import annotations

import gzip
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from moto.core.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from werkzeug.exceptions import NotFound

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_SCOPE = re.compile(r"Credential=[^/]+/\d+/[^/]+/(?P<service>[^/]+)/aws4_request")
_SDK_NAMES = {"monitoring": "cloudwatch", "states": "stepfunctions"}
"""Signing names of services that boto3 calls otherwise."""


@dataclass(frozen=True)
class Call:
    """An API call.

    Attributes
    ----------
    service : str
        The name that requests to the service are signed for.
    operation : OperationModel
        What is asked for.
    parameters : dict
        As boto3 takes them; a body that is a stream (of an object, for one) is left out.
    """

    service: str
    operation: OperationModel
    protocol: str
    parameters: dict[str, Any]


def read_call(environ: WSGIEnvironment) -> Call | None:
    """Return the call that a signed request makes; None when no service has such an operation.

    The body of the request can be read again afterwards.
    """
    scope = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    if scope is None:
        return None
    service = scope["service"]
    name = _sdk_name(service, environ["PATH_INFO"])
    # the body of an object is not for us, and stays where it is
    body = b"" if service == "s3" and environ["REQUEST_METHOD"] == "PUT" else _taken(environ)
    request = Request(environ | {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))})
    try:
        operation, in_path = get_service_router(name).match(request)
    except NotFound:
        return None
    protocol = determine_request_protocol(get_service_model(name), request.content_type)
    parameters = PROTOCOL_PARSERS[protocol](operation, map_type=dict).parse(
        {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": body,
            "url_path": request.path,
            "url_params": in_path,
        }
    )
    return Call(service, operation, protocol, dict(parameters))


def _sdk_name(service: str, path: str) -> str:
    if service == "sagemaker" and path.startswith("/endpoints/"):
        return "sagemaker-runtime"
    return _SDK_NAMES.get(service, service)


def _taken(environ: WSGIEnvironment) -> bytes:
    """Return the body, unpacked if it was packed, and put a copy of it in its place."""
    body: bytes = Request(environ).get_data()
    environ["wsgi.input"] = io.BytesIO(body)
    return gzip.decompress(body) if environ.get("HTTP_CONTENT_ENCODING") == "gzip" else body
