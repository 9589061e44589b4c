"""The account's own interface, under ``/localaws`` on the same port as the AWS services.

===== ============================= ===========================================================
GET   /localaws/clock               ``{"now": ...}``
POST  /localaws/clock               ``{"to": ...}``: advance, run what is due, answer when all is over
POST  /localaws/settle              wait until everything that was set off has finished
GET   /localaws/journal             entries, filtered by ``kind`` and ``after`` (a number)
GET   /localaws/permissions        what roles have asked for, and whether their policies allow it
GET   /localaws/functions/NAME/logs what a function printed
PUT   /localaws/custom-resources/ID where the function behind a custom resource answers
===== ============================= ===========================================================
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import BadRequest, HTTPException, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from localaws.cloudformation.custom import CustomResource
from localaws.cloudformation.identity import declared_roles
from localaws.services import Services

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PREFIX = "/localaws"


class Control:
    """A WSGI application over the inside of one account."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._routes = Map(
            [
                Rule(f"{PREFIX}/clock", endpoint=self._clock, methods=["GET"]),
                Rule(f"{PREFIX}/clock", endpoint=self._advance, methods=["POST"]),
                Rule(f"{PREFIX}/settle", endpoint=self._settle, methods=["POST"]),
                Rule(f"{PREFIX}/journal", endpoint=self._journal, methods=["GET"]),
                Rule(f"{PREFIX}/permissions", endpoint=self._permissions, methods=["GET"]),
                Rule(f"{PREFIX}/custom-resources/<request_id>", endpoint=self._custom_resource, methods=["PUT"]),
                Rule(f"{PREFIX}/functions/<name>/logs", endpoint=self._logs, methods=["GET"]),
            ]
        )

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        try:
            handler, arguments = self._routes.bind_to_environ(environ).match()
            response: Response = handler(request, **arguments)
        except HTTPException as error:
            response = _json({"error": error.description}, status=error.code or 500)
        return response(environ, start_response)

    def _clock(self, _: Request) -> Response:
        return _json({"now": self._services.clock.now.isoformat()})

    def _advance(self, request: Request) -> Response:
        try:
            self._services.clock.advance_to(datetime.fromisoformat(request.get_json()["to"]))
        except (KeyError, ValueError) as error:
            raise BadRequest(str(error)) from error
        return self._clock(request)

    def _settle(self, request: Request) -> Response:
        self._services.work.settle()
        return self._clock(request)

    def _journal(self, request: Request) -> Response:
        after = request.args.get("after", default=-1, type=int)
        return _json(self._services.journal.read(request.args.get("kind"), after))

    def _permissions(self, _: Request) -> Response:
        declared = declared_roles(self._services)
        return _json([{**used, "logical_id": declared.get(used["role"])} for used in self._services.access.read()])

    def _custom_resource(self, request: Request, request_id: str) -> Response:
        if not CustomResource.responses.put(request_id, request.get_data()):
            raise NotFound(f"nobody waits for an answer to request {request_id}")
        return _json({})

    def _logs(self, _: Request, name: str) -> Response:
        return _json(self._services.functions.log_lines(name))


def _json(body: Any, status: int = 200) -> Response:
    return Response(json.dumps(body), status=status, content_type="application/json")
