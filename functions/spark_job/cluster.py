"""The hosts of one processing job as a Spark cluster of their own.

The first host drives: it is Spark's master, a worker, and the driver. The others are workers for as long as
the driver lives: each holds a connection to it, which the operating system closes however the driver ends.
"""

from __future__ import annotations

import json
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import pyspark

from monitoring_core.errors import WatchkeeperError

ALONE: Final = "localhost"
MASTER_PORT: Final = 7077
LIFELINE_PORT: Final = 7078
START_SECONDS: Final = 600
"""Hosts of one job may start minutes apart."""
STOP_SECONDS: Final = 10
_ATTEMPT_SECONDS: Final = 1.0
_ADVICE: Final = "let the job's security groups pass all traffic between its own hosts"


class ClusterError(WatchkeeperError):
    """The hosts of the job did not find each other."""


@dataclass(frozen=True, slots=True)
class Hosts:
    """The hosts of a job.

    Examples
    --------
    >>> hosts = Hosts("algo-2", ("algo-1", "algo-2"))
    >>> hosts.driver, hosts.is_driver, hosts.master
    ('algo-1', False, 'spark://algo-1:7077')
    """

    current: str
    all: tuple[str, ...]

    @classmethod
    def read(cls, root: Path) -> Self:
        """Read ``config/resourceconfig.json`` below ``/opt/ml``; where there is none, this machine is all."""
        path = root / "config" / "resourceconfig.json"
        if not path.is_file():
            return cls(ALONE, (ALONE,))
        config = json.loads(path.read_bytes())
        return cls(config["current_host"], tuple(config["hosts"]))

    @property
    def driver(self) -> str:
        """The host that drives."""
        return min(self.all)

    @property
    def is_driver(self) -> bool:
        """Whether this host drives."""
        return self.current == self.driver

    @property
    def is_cluster(self) -> bool:
        """Whether there are several; Spark needs no cluster for one."""
        return len(self.all) > 1

    @property
    def master(self) -> str:
        """Spark's master URL."""
        return f"spark://{self.driver}:{MASTER_PORT}" if self.is_cluster else "local[*]"

    @property
    def address(self) -> str:
        """Where executors find the driver."""
        return self.driver if self.is_cluster else ALONE


@contextmanager
def driving(hosts: Hosts) -> Iterator[None]:
    """Keep the cluster up on the host that drives; the other hosts end when the block does.

    Raises
    ------
    ClusterError
        If a host does not come.
    """
    if not hosts.is_cluster:
        yield
        return
    with ExitStack() as stack:
        for lifeline in _await_others(hosts):
            stack.enter_context(lifeline)
        stack.enter_context(_daemon("master.Master", "--host", hosts.driver, "--port", str(MASTER_PORT)))
        stack.enter_context(_worker(hosts))
        yield


def serve(hosts: Hosts) -> None:
    """Be a worker until the driver ends, however it ends.

    Raises
    ------
    ClusterError
        If the driver cannot be reached.
    """
    with _connect(hosts.driver) as lifeline, _worker(hosts), suppress(ConnectionError):
        lifeline.recv(1)


def _await_others(hosts: Hosts) -> list[socket.socket]:
    others = len(hosts.all) - 1
    connections: list[socket.socket] = []
    with socket.create_server(("", LIFELINE_PORT), backlog=others) as server:
        server.settimeout(START_SECONDS)
        try:
            while len(connections) < others:
                connections.append(server.accept()[0])
        except TimeoutError:
            raise ClusterError(
                f"{len(connections)} of {others} other hosts came in {START_SECONDS} s; {_ADVICE}"
            ) from None
    return connections


def _connect(driver: str) -> socket.socket:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            connection = socket.create_connection((driver, LIFELINE_PORT), timeout=_ATTEMPT_SECONDS)
        except OSError as error:  # also a name that is not known yet
            if time.monotonic() > deadline:
                raise ClusterError(f"{driver}:{LIFELINE_PORT} cannot be reached ({error}); {_ADVICE}") from error
            time.sleep(_ATTEMPT_SECONDS)
        else:
            connection.settimeout(None)
            return connection


def _worker(hosts: Hosts) -> AbstractContextManager[None]:
    return _daemon("worker.Worker", "--host", hosts.current, "--work-dir", tempfile.mkdtemp(), hosts.master)


@contextmanager
def _daemon(name: str, *arguments: str) -> Iterator[None]:
    """Run one of Spark's daemons for the time of the block."""
    spark_class = Path(pyspark.__file__).parent / "bin" / "spark-class"
    command = [str(spark_class), f"org.apache.spark.deploy.{name}", *arguments, "--webui-port", "0"]
    with subprocess.Popen(command) as process:  # noqa: S603 - Spark's own script, and names of this job's hosts
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
