"""Looks at the calls of roles: writes them down, and refuses what their policies do not allow."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from moto.iam.models import iam_backends
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.wrappers import Request

from localaws.access.keys import Keys
from localaws.access.needs import Home, needs
from localaws.access.policy import Permission, allows
from localaws.access.request import Call, read_call

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_FORBIDDEN = 403
_ALWAYS_ALLOWED = ("sts:GetCallerIdentity",)


@dataclass(frozen=True)
class Used:
    """What a role has asked for, and whether it may.

    Attributes
    ----------
    role, action, resource : str
        ARN of the role, action as in a policy, ARN of what it was done to (``*`` where the action takes no resource).
    """

    role: str
    action: str
    resource: str
    allowed: bool


class Access:
    """The permissions of an account's roles.

    Parameters
    ----------
    account_id, region : str
        Whose roles.
    enforce : bool
        Refuse what is not allowed; otherwise it is only written down.
    """

    def __init__(self, account_id: str, region: str, *, enforce: bool) -> None:
        self._account_id, self._home, self._enforce = account_id, Home(account_id, region), enforce
        self._keys = Keys(self._home)
        self._used: dict[Used, None] = {}
        self._lock = threading.Lock()

    def check(self, role: str, permissions: Iterable[Permission]) -> Permission | None:
        """Write down what `role` asks for; return the first thing that it is to be refused."""
        refused = None
        documents = list(self._documents(role))
        for one in permissions:
            allowed = one.action in _ALWAYS_ALLOWED or allows(documents, one)
            self._note(Used(role, one.action, one.resource, allowed))
            if not allowed and self._enforce:
                refused = refused or one
        return refused

    def read(self) -> list[dict[str, Any]]:
        """Return what was asked for, each thing once, ready for JSON."""
        with self._lock:
            return [asdict(one) for one in self._used]

    def in_front_of(self, application: WSGIApplication) -> WSGIApplication:
        """Return an application that answers what is refused, and passes every other request on."""

        def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            role = environ.get("HTTP_X_AMZ_SECURITY_TOKEN", "")
            if not role.startswith("arn:"):
                return application(environ, start_response)
            call = read_call(environ)
            if call is None:
                self._note(Used(role, "unknown", f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}", allowed=False))
                return application(environ, start_response)
            refused = self.check(role, self._needs(call))
            if refused is None:
                return application(environ, start_response)
            return _refusal(call, role, refused, environ, start_response)

        return answer

    def _note(self, used: Used) -> None:
        with self._lock:
            self._used[used] = None

    def _needs(self, call: Call) -> Iterator[Permission]:
        """Yield what `call` needs, with what encrypts it."""
        for one in needs(call, self._home):
            yield one
            yield from self._keys.needs(one)

    def _documents(self, arn: str) -> Iterator[str]:
        backend = iam_backends[self._account_id]["aws"]
        role = next((one for one in backend.roles.values() if one.arn == arn), None)
        if role is None:
            return
        yield from role.policies.values()
        for policy in role.managed_policies.values():
            yield next(version.document for version in policy.versions if version.is_default)


def _refusal(
    call: Call, role: str, refused: Permission, environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]:
    message = (
        f"User: {role} is not authorized to perform: {refused.action} on resource: {refused.resource} because no "
        f"identity-based policy allows the {refused.action} action"
    )
    if call.protocol.endswith("json"):
        code = "AccessDeniedException"
        headers = {"Content-Type": "application/json", "x-amzn-ErrorType": code}
        body = json.dumps({"__type": code, "message": message})
    else:
        error = f"<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>{escape(message)}</Message></Error>"
        headers = {"Content-Type": "application/xml"}
        body = error if call.service == "s3" else f"<ErrorResponse>{error}</ErrorResponse>"
    Request(environ).get_data()  # what nobody reads would be taken for the next request of the connection
    content = body.encode()
    answer = [*headers.items(), ("Content-Length", str(len(content)))]
    start_response(f"{_FORBIDDEN} {HTTP_STATUS_CODES[_FORBIDDEN]}", answer)
    return [content]
