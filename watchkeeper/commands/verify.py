"""``watchkeeper verify``."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from watchkeeper.exits import Exit
from watchkeeper.options import Config, Json
from watchkeeper.output import reporting

_DAY = ["%Y-%m-%d"]


def verify(
    config: Config = None,
    *,
    bucket: Annotated[
        str | None, typer.Option("--bucket", help="Bucket with the ledgers; instead of --config.")
    ] = None,
    endpoint: Annotated[str | None, typer.Option("--endpoint", help="Whose ledgers; with --bucket.")] = None,
    since: Annotated[
        datetime | None, typer.Option("--from", formats=_DAY, help="First day whose ledger's files are compared.")
    ] = None,
    until: Annotated[datetime | None, typer.Option("--to", formats=_DAY, help="Last day, included.")] = None,
    head: Annotated[str, typer.Option("--head", help="Hash of a ledger that was noted before.")] = "",
    as_json: Json = False,
) -> None:
    """Check reports and baselines against the ledgers: every link of the chain, every manifest, every file.

    Says what was changed, what is missing and what was added since it was sealed; exit code 1 then.
    """
    with reporting(as_json=as_json) as output:
        from watchkeeper.deployed import aws_explained  # noqa: PLC0415 - start-up
        from watchkeeper.evidence.place import find_place  # noqa: PLC0415

        place = find_place(config, bucket, endpoint)
        with aws_explained("verify"):
            from watchkeeper.evidence.verify import verify as check  # noqa: PLC0415 - needs boto3

            found = check(
                *place,
                datetime.now(UTC),
                since=since.date() if since else None,
                until=until.date() if until else None,
                head=head,
            )
        output.table(("", "object", "found"), ((one.kind, one.key, one.detail) for one in found.findings))
        output.say(
            f"{found.ledgers} ledgers from {found.first_day} to {found.last_day}; compared {found.seals} manifests and "
            f"{found.files} files; {found.expired} deleted by retention, {found.waiting} wait for the next ledger"
        )
        output.say(f"head: {found.head}")
        intact = not found.findings
        output.say("nothing was changed" if intact else f"{len(found.findings)} findings")
        output.result({"intact": intact, **asdict(found)})
        raise typer.Exit(Exit.CLEAN if intact else Exit.VIOLATIONS)
