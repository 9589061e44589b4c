"""``watchkeeper doctor``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from watchkeeper.exits import Exit
from watchkeeper.options import Json
from watchkeeper.output import reporting


def doctor(
    config: Annotated[Path, typer.Option("--config", "-c", help="Configuration file.")],
    *,
    as_json: Json = False,
) -> None:
    """Ask the account whether what a configuration relies on is there: endpoint, capture, baseline, labels, images.

    Where a monitor runs in Model Monitor, also whether the account uses that. It only reads, with your own credentials;
    what the deployed roles may do can differ. Exit code 1 where something will not work.
    """
    with reporting(as_json=as_json) as output:
        from infra.config import load_config  # noqa: PLC0415 - start-up
        from watchkeeper.deployed import aws_explained  # noqa: PLC0415

        loaded = load_config(config)
        with aws_explained("doctor"):
            from watchkeeper.doctor.examine import examine  # noqa: PLC0415 - needs boto3

            findings = list(examine(loaded))
        output.table(
            ("", "about", "found", "what to do"),
            ((finding.level, finding.about, finding.found, finding.advice) for finding in findings),
        )
        healthy = not any(finding.level == "failed" for finding in findings)
        output.result({"healthy": healthy, "findings": [asdict(finding) for finding in findings]})
        raise typer.Exit(Exit.CLEAN if healthy else Exit.VIOLATIONS)
