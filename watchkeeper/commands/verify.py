"""``watchkeeper verify``."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitoring_core.errors import ConfigError
from watchkeeper.exits import Exit
from watchkeeper.options import Config, Json
from watchkeeper.output import reporting

if TYPE_CHECKING:
    from watchkeeper.evidence.finding import Finding
    from watchkeeper.evidence.stored import Stored

_DAY = ["%Y-%m-%d"]


def verify(
    bundle: Annotated[
        Path | None, typer.Argument(help="File of `watchkeeper evidence`: checks this one alone, without AWS.")
    ] = None,
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

        with aws_explained("verify"):
            from watchkeeper.evidence.verify import verify as check  # noqa: PLC0415 - needs boto3

            stored, more = _stored(bundle, config, bucket, endpoint)
            found = check(
                stored,
                datetime.now(UTC),
                since=since.date() if since else None,
                until=until.date() if until else None,
                head=head,
            )
            found.findings += more
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


def _stored(
    bundle: Path | None, config: Path | None, bucket: str | None, endpoint: str | None
) -> tuple[Stored, list[Finding]]:
    """Return what is to be checked, and what is wrong with its list of contents."""
    from watchkeeper.evidence.bundle import Bundle  # noqa: PLC0415 - needs boto3
    from watchkeeper.evidence.place import find_place  # noqa: PLC0415
    from watchkeeper.evidence.stored import BucketOf  # noqa: PLC0415

    if bundle is None:
        return BucketOf(*find_place(config, bucket, endpoint)), []
    if config or bucket or endpoint:
        raise ConfigError("give either a bundle, or --config, or --bucket and --endpoint")
    found = Bundle.open(bundle)
    return found, list(found.findings())
