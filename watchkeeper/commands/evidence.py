"""``watchkeeper evidence``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from watchkeeper.options import Config, Json
from watchkeeper.output import reporting


def evidence(
    run: Annotated[str, typer.Argument(help="Run id, as report, manifest and event have it.", metavar="RUN")],
    config: Config = None,
    *,
    bucket: Annotated[str | None, typer.Option("--bucket", help="Bucket of the run; instead of --config.")] = None,
    path: Annotated[Path, typer.Option("--zip", help="File to write.")] = Path("evidence.zip"),
    as_json: Json = False,
) -> None:
    """Put all that is known of one run into one file: report, verdict, baseline, and the ledgers that vouch for them.

    `watchkeeper verify FILE` checks it, without AWS.
    """
    with reporting(as_json=as_json) as output:
        from watchkeeper.deployed import aws_explained  # noqa: PLC0415 - start-up
        from watchkeeper.evidence.place import find_place  # noqa: PLC0415

        with aws_explained("evidence"):
            from watchkeeper.evidence.bundle import write_bundle  # noqa: PLC0415 - needs boto3
            from watchkeeper.evidence.collect import Run, collect  # noqa: PLC0415
            from watchkeeper.evidence.stored import BucketOf  # noqa: PLC0415

            asked = Run.of(run)
            place = find_place(config, bucket, asked.endpoint if bucket else None)
            seals, objects = collect(BucketOf(*place), asked)
        index = write_bundle(path, run, place[0], seals, objects)
        output.say(f"{path}: {len(index.files)} objects about {run}")
        output.result({"zip": str(path), **index.model_dump(mode="json")})
