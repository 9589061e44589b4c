from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from moto.server import ThreadedMotoServer
from pyspark.sql import SparkSession

from functions.common import clients
from functions.spark_job.cluster import ALONE, Hosts
from functions.spark_job.session import open_session


def pytest_configure(config: pytest.Config) -> None:
    """Let Spark import what is deprecated, and leave its sockets to the garbage collector."""
    config.addinivalue_line("filterwarnings", "ignore:The distutils package is deprecated:DeprecationWarning")
    config.addinivalue_line("filterwarnings", "ignore:unclosed <socket:ResourceWarning")


@pytest.fixture(scope="session")
def account() -> Iterator[None]:
    """An S3 that the processes of Spark can reach, too: they inherit where it is."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    _, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("POWERTOOLS_TRACE_DISABLED", "true")
        clients.client.cache_clear()
        yield
    server.stop()


@pytest.fixture(scope="session")
def spark(account: None) -> Iterator[SparkSession]:  # noqa: ARG001 - its place must be known before Spark starts
    """Two tasks at a time; one session for the whole lane."""
    with open_session(Hosts(ALONE, (ALONE,)), "local[2]") as session:
        yield session
