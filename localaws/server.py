"""The server process: moto's own application and the control interface on one port of the loopback interface."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import got_request_exception
from moto.moto_api._internal import mock_random
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server

from localaws import (
    awslambda,
    cloudformation,
    cloudwatch,
    codebuild,
    dynamodb,
    eventbridge,
    mototime,
    s3,
    sagemaker,
    scheduler,
    sns,
    stepfunctions,
)
from localaws.control import Control
from localaws.replacing import replace
from localaws.services import Services, Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

HOST = "127.0.0.1"

LARGE_BYTES = 1_000_000
"""Size of a request body from which memory is tidied up first."""


def serve(settings: Settings, *, port: int, follow_stdin: bool) -> None:
    """Run an account until it is told to stop.

    Parameters
    ----------
    settings : Settings
        The account.
    port : int
        0 takes a free one. The first line on standard output is the port.
    follow_stdin : bool
        Stop when standard input is closed, which is what happens when the process that started this one is gone.
    """
    directory = Path(tempfile.mkdtemp(prefix="localaws-"))
    dispatcher = Dispatcher()
    server = _listen(port, dispatcher)
    try:
        services = assemble(settings, endpoint_url=f"http://{HOST}:{server.server_port}", work_dir=directory)
    except BaseException:
        shutil.rmtree(directory)
        raise
    dispatcher.open(services)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: _stop(server))
    if follow_stdin:
        threading.Thread(target=_stop_at_end_of_input, args=(server,), daemon=True).start()
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    try:
        server.serve_forever()
    finally:
        services.functions.close()
        services.sagemaker.close()
        shutil.rmtree(directory, ignore_errors=True)
        if os.getpgrp() == os.getpid():
            _end_group()
        os._exit(0)  # threads of moto and of a running job must not keep the process alive


def assemble(settings: Settings, *, endpoint_url: str, work_dir: Path) -> Services:
    """Build the account: moto, put on the simulated clock and completed service by service."""
    mock_random.seed(settings.seed)
    services = Services.create(settings, endpoint_url=endpoint_url, work_dir=work_dir)
    mototime.install(services.clock)
    cloudwatch.metrics.install(services)
    awslambda.install(services)
    stepfunctions.install(services)
    sns.install(services)
    eventbridge.install(services)
    s3.install(services)
    dynamodb.install()
    codebuild.install(services)
    scheduler.install(services)
    cloudformation.install(services)
    services.sagemaker = sagemaker.install(services)
    services.clock.add(services.sagemaker)
    services.work.also_settle(services.sagemaker.settle)
    cloudwatch.install(services)  # last: alarms are evaluated after everything else that is due at the same time
    return services


class Dispatcher:
    """Sends ``/localaws`` to the control interface and everything else to moto."""

    def __init__(self) -> None:
        self._ready = threading.Event()
        self._control: Any = None
        self._moto: Any = None
        self._crashed: Any = None

    def open(self, services: Services) -> None:
        """Start answering; requests that came before wait until now."""

        def crashed(_: object, exception: BaseException) -> None:
            trace = "".join(traceback.format_exception(exception))
            services.journal.write("failure", "a service crashed", error=repr(exception), trace=trace)

        self._crashed = crashed  # the signal holds its receivers weakly
        got_request_exception.connect(crashed)
        self._control = Control(services)
        # moto looks at its folders and at hundreds of patterns for each request; the answer depends on the host alone
        replace(
            DomainDispatcherApplication, "get_backend_for_host", cache(DomainDispatcherApplication.get_backend_for_host)
        )
        moto = services.sagemaker.in_front_of(DomainDispatcherApplication(create_backend_app))
        self._moto = services.access.in_front_of(moto)
        gc.freeze()  # what was imported stays; looking at it again would make each collection slow
        self._ready.set()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        self._ready.wait()
        if int(environ.get("CONTENT_LENGTH") or 0) > LARGE_BYTES:
            gc.collect()  # moto keeps earlier bodies in cycles, and Lambda zips are large
        application = self._control if environ["PATH_INFO"].startswith("/localaws/") else self._moto
        answer: Iterable[bytes] = application(environ, start_response)
        return answer


def _listen(port: int, application: Dispatcher) -> BaseWSGIServer:
    class QuietHandler(MotoRequestHandler):
        """moto's handler with connections kept open, and without a line of log for every request."""

        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Say nothing."""

    return make_server(HOST, port, application, threaded=True, request_handler=QuietHandler)


def _end_group() -> None:
    """End whatever is left of the processes that were started from here; the group is our own."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.killpg(os.getpgrp(), signal.SIGTERM)


def _stop_at_end_of_input(server: BaseWSGIServer) -> None:
    sys.stdin.read()
    _stop(server)


def _stop(server: BaseWSGIServer) -> None:
    threading.Thread(target=server.shutdown, daemon=True).start()
