"""``watchkeeper review``: what people are asked about predictions, and their answers."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from watchkeeper.options import Json
from watchkeeper.output import reporting

File = Annotated[Path, typer.Option("--config", "-c", help="Configuration file of the deployed endpoint.")]


def list_(config: File, *, as_json: Json = False) -> None:
    """List the review files, and to which answers have been handed in."""
    with reporting(as_json=as_json) as output:
        from watchkeeper.deployed import Deployed, aws_explained  # noqa: PLC0415 - start-up

        deployed = Deployed.of(config)
        with aws_explained("review"):
            from watchkeeper.reviewing.files import list_asked, place_of  # noqa: PLC0415 - needs boto3

            found = list(list_asked(place_of(deployed.bucket, deployed.config.name)))
        output.table(
            ("window", "predictions", "answers", "file"),
            (
                (one.order.window, str(one.order.items), "handed in" if one.answers else "", one.order.file)
                for one in found
            ),
        )
        output.result({"files": [{**one.order.model_dump(), "answers": one.answers} for one in found]})


def get(
    window: Annotated[str, typer.Argument(help="Window as `review list` shows it.")],
    config: File,
    file: Annotated[Path, typer.Option("--output", "-o", help="File to write.")],
    *,
    as_json: Json = False,
) -> None:
    """Fetch a review file: one prediction a line; fill in `label` where you know the truth."""
    with reporting(as_json=as_json) as output:
        from watchkeeper.deployed import Deployed, aws_explained  # noqa: PLC0415 - start-up

        deployed = Deployed.of(config)
        with aws_explained("review"):
            from watchkeeper.reviewing.files import place_of, read_asked  # noqa: PLC0415 - needs boto3

            body = read_asked(place_of(deployed.bucket, deployed.config.name), window)
        file.write_bytes(body)
        output.say(f"wrote {file}: fill in `label`, then `watchkeeper review answer {file} --config {config}`")
        output.result({"file": str(file), "predictions": body.count(b"\n")})


def answer(
    file: Annotated[Path, typer.Argument(help="Review file with labels.", exists=True, dir_okay=False)],
    config: File,
    *,
    as_json: Json = False,
) -> None:
    """Hand in the answers of a review file: they become ground truth, which the next runs on labels read.

    Handing in the same answers twice writes them once.
    """
    with reporting(as_json=as_json) as output:
        from watchkeeper.deployed import Deployed, aws_explained  # noqa: PLC0415 - start-up

        deployed = Deployed.of(config)
        name, given = deployed.config.name, deployed.config.ground_truth.prefix
        with aws_explained("review"):
            from watchkeeper.reviewing.answer import hand_in  # noqa: PLC0415 - needs boto3
            from watchkeeper.reviewing.files import place_of  # noqa: PLC0415

            done = hand_in(
                file.read_bytes(),
                str(file),
                place_of(deployed.bucket, name),
                given or f"s3://{deployed.bucket}/ground-truth/{name}/",
                datetime.now(UTC),
            )
        output.say(f"{done.labels} of {done.asked} predictions have a label{', as handed in before' * done.again}")
        output.say(f"ground truth: {done.uri}")
        output.result({"labels": done.labels, "asked": done.asked, "ground_truth": done.uri, "again": done.again})
