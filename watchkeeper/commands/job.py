"""``watchkeeper job``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from watchkeeper.exits import Exit
from watchkeeper.options import Json, Monitor
from watchkeeper.output import reporting


def job(
    config: Annotated[Path, typer.Option("--config", "-c", help="Configuration file.")],
    role: Annotated[str, typer.Option("--role", help="ARN of the role that the job runs with.")],
    destination: Annotated[str, typer.Option("--output", "-o", help="s3:// prefix that the job writes to.")],
    *,
    monitor: Monitor = None,
    dataset: Annotated[
        str | None, typer.Option("--dataset", help="s3:// URI of the data; by default the baseline's data set.")
    ] = None,
    image: Annotated[
        str | None, typer.Option("--image", help="Image instead of Amazon's, such as this product's analyzer.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for the end of the job.")] = True,
    as_json: Json = False,
) -> None:
    """Run Amazon's analyzer of a monitor over a data set, once, as a processing job.

    It writes a baseline: statistics.json and constraints.json; of bias and explainability Clarify's report and
    analysis.json. For accounts that have Model Monitor and Clarify, or with --image.
    """
    with reporting(as_json=as_json) as output:
        from infra.config import load_config  # noqa: PLC0415 - start-up
        from monitoring_core.errors import ConfigError  # noqa: PLC0415
        from watchkeeper.deployed import aws_explained  # noqa: PLC0415

        loaded = load_config(config)
        monitors = {one.name: one for one in loaded.monitors}
        name = monitor or (next(iter(monitors)) if len(monitors) == 1 else "")
        if name not in monitors:
            raise ConfigError(f"--monitor: choose one of {', '.join(monitors)}")
        with aws_explained("job"):
            from watchkeeper.one_off import start  # noqa: PLC0415 - needs boto3

            started = start(
                loaded,
                monitors[name],
                role=role,
                output=destination,
                dataset=dataset,
                image=image,
                at=datetime.now(UTC),
            )
            output.say(f"started {started.name}")
            if wait:
                output.waiting(started.wait())
            described = started.describe()
            status = str(described["ProcessingJobStatus"])
            files = started.files() if status == "Completed" else []
        reason = str(described.get("FailureReason") or described.get("ExitMessage") or "")
        output.say(f"{status}: {reason}" if reason else status)
        for uri in files:
            output.say(uri)
        output.result(
            {"job": started.name, "status": status, "reason": reason, "output": started.output, "files": files}
        )
        raise typer.Exit(Exit.ERROR if status in {"Failed", "Stopped"} else Exit.CLEAN)
