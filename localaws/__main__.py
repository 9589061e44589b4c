"""``python -m localaws``: run an account until Ctrl-C."""

from __future__ import annotations

import argparse
import json
import os
from datetime import UTC, datetime, timedelta

from localaws.services import Settings


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m localaws", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one (default)")
    parser.add_argument("--account", default="123456789012", help="twelve digits")
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--start", type=datetime.fromisoformat, default=None, help="first simulated instant (now)")
    parser.add_argument("--images", type=json.loads, default={}, help="JSON: image pattern -> local command")
    parser.add_argument("--seed", type=int, default=0, help="decides sampling and identifiers")
    parser.add_argument(
        "--model-monitor",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="whether the account may use SageMaker Model Monitor, which takes no new customers",
    )
    parser.add_argument(
        "--schedules-rest", type=float, default=0, help="shortest time between two firings of a schedule, in seconds"
    )
    parser.add_argument(
        "--enforce-policies",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="whether calls are refused that the policies of the caller's role do not allow",
    )
    parser.add_argument("--follow-stdin", action="store_true", help="stop when standard input is closed")
    options = parser.parse_args()
    settings = Settings(
        account_id=options.account,
        region=options.region,
        start=options.start or datetime.now(UTC),
        images=options.images,
        seed=options.seed,
        model_monitor=options.model_monitor,
        schedules_rest=timedelta(seconds=options.schedules_rest),
        enforce_policies=options.enforce_policies,
    )
    prepare_environment(settings)
    from localaws.server import serve  # noqa: PLC0415 - moto reads the environment when it is imported

    serve(settings, port=options.port, follow_stdin=options.follow_stdin)


def prepare_environment(settings: Settings) -> None:
    """Set what moto and botocore read when they are imported."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(
        MOTO_ACCOUNT_ID=settings.account_id,
        AWS_DEFAULT_REGION=settings.region,
        AWS_EC2_METADATA_DISABLED="true",
        MOTO_EC2_LOAD_DEFAULT_AMIS="false",
    )


if __name__ == "__main__":
    main()
