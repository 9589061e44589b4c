"""The whole product on this machine, on real data: deploy, traffic, drift, alarm, retraining, promotion.

``python -m examples.flights.demo``, ``watchkeeper demo`` and ``make demo`` are the same. An AWS account on loopback is
started, everything is deployed into it with the real CDK command line, a month of flights are sent through the
endpoint in simulated time, and what is told at the end is read back from that account.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from examples.flights import cloud, data, pages, story
from examples.flights.news import news
from examples.flights.outcome import Outcome, change
from examples.flights.person import Person
from examples.flights.replay import DAY, LIVE_DAYS, LIVE_START, TRAINING_END, TRAINING_START, Replay
from examples.flights.runtimes import IMAGES, Runtime, configuration
from infra.config import EndpointConfig, load_config
from localaws.account import LocalAccount, LocalAccountError

OUTPUT = cloud.ROOT / "build" / "demo"
DEPLOYED_AT = LIVE_START - timedelta(hours=12)
QUIET = timedelta(days=1)
"""The loop looks after itself every quarter of an hour; so often is enough for weeks in minutes."""
INTERRUPTED = 130


class Demo:
    """One performance: an account, a console, and the configuration.

    Parameters
    ----------
    account : LocalAccount
        Already running.
    console : Console
        Where progress is told.
    days : int
        Days of live traffic.
    runtime : Runtime
        Where the monitors run.
    """

    def __init__(self, account: LocalAccount, console: Console, days: int, runtime: Runtime) -> None:
        self._account, self._console, self._days, self._runtime = account, console, days, runtime
        self._file = configuration(runtime)
        self._config: EndpointConfig = load_config(self._file)
        self._stack = f"Watchkeeper-{self._config.name}"
        self._told = -1

    def perform(self, progress: Progress) -> Path:
        """Deploy, replay, and write the pages; return the path of the first."""
        task = progress.add_task("reading the flights of 2013", total=self._days)
        flights = data.load_flights()
        history = data.between(flights, TRAINING_START, TRAINING_END)
        live = data.between(flights, LIVE_START, LIVE_START + self._days * DAY)
        bucket = self._deploy(history, lambda text: progress.update(task, description=text))

        endpoint = self._config.name
        labels = f"s3://{bucket}/ground-truth/{endpoint}/"
        beside = self._runtime is Runtime.MANAGED  # where Model Monitor looks for them
        person = Person(self._account, self._config)
        replay = Replay(self._account, endpoint, labels, person, labels_beside_events=beside)
        replay.run(live, self._daily(progress, task))
        self._say(f"sent {replay.rows:,} flights in {replay.calls:,} calls of the endpoint")
        progress.update(task, description="reading back what happened")
        outcome = Outcome(self._account, self._config, self._stack, bucket)
        page = pages.write_pages(outcome, self._config, OUTPUT)
        progress.stop()
        for line in story.tell(outcome):
            self._say(line)
        return page

    def _deploy(self, history: pd.DataFrame, note: Callable[[str], None]) -> str:
        """Train and deploy; return the name of the stack's bucket."""
        with cloud.synthesis(self._account, self._file) as synthesised:
            note("training the first model")
            cloud.train_first_model(self._account, self._config, history)
            self._say(f"trained on {len(history):,} flights of January to March 2013, in a training job")
            note("cdk synth")
            assembly = synthesised()
            note("cdk bootstrap, cdk deploy")
            cloud.deploy(self._account, assembly)
        self._say(f"deployed {self._stack}; it serves the first model")
        return cloud.stack_outputs(self._account, self._stack)["BucketName"]

    def _daily(self, progress: Progress, task: TaskID) -> Callable[[datetime], None]:
        def on_day(moment: datetime) -> None:
            progress.update(task, advance=1, description=f"live traffic, {moment:%d %B %Y}")
            self._tell_news()

        return on_day

    def _tell_news(self) -> None:
        """Say which alarms have changed since the last time, and what was done about them."""
        for entry in self._account.journal(after=self._told):
            self._told = entry["number"]
            if entry["kind"] == "failure":
                raise LocalAccountError(f"the local account failed: {entry['subject']}: {entry['detail']}")
            if entry["kind"] == "alarm" and (found := change(entry)).matters:
                colour = "red" if found.state == "ALARM" else "green"
                self._say(f"{found.time:%Y-%m-%d %H:%M}  [{colour}]{found.state:5}[/] {found.alarm}")
            if (done := news(entry, self._config.name)) is not None:
                self._say(f"{done.time:%Y-%m-%d %H:%M}        {escape(done.text)}")

    def _say(self, text: str) -> None:
        self._console.print(text, highlight=False, soft_wrap=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; return the exit code."""
    parser = argparse.ArgumentParser(prog="watchkeeper demo", description=__doc__.split("\n\n")[0] if __doc__ else "")
    parser.add_argument(
        "--days",
        type=int,
        default=LIVE_DAYS,
        help=f"days of live traffic from {LIVE_START:%d %B %Y} (default {LIVE_DAYS})",
    )
    parser.add_argument(
        "--runtime", type=Runtime, choices=list(Runtime), default=Runtime.FUNCTION, help="where the monitors run"
    )
    parser.add_argument("--keep", action="store_true", help="leave the account up at the end, until Ctrl-C")
    options = parser.parse_args(arguments)
    if not 1 <= options.days <= story.MAX_DAYS:
        parser.error(f"--days must be 1 to {story.MAX_DAYS}, got {options.days}")
    return run(days=options.days, keep=options.keep, runtime=options.runtime)


def run(*, days: int = LIVE_DAYS, keep: bool = False, runtime: Runtime = Runtime.FUNCTION) -> int:
    """Run the demo in an account of its own; nothing is left behind but the pages below ``build/demo``.

    Parameters
    ----------
    days : int
        Days of live traffic from `LIVE_START` on.
    keep : bool
        Leave the account up at the end, for a look around, until Ctrl-C.
    runtime : Runtime
        Where the monitors run.

    Returns
    -------
    int
        0; 1 if something failed; 130 after Ctrl-C.
    """
    console = Console()
    began = time.monotonic()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with LocalAccount(start=DEPLOYED_AT, images=IMAGES, schedules_rest=QUIET) as account:
            console.print(
                f"an AWS account on {account.endpoint_url}, where it is {DEPLOYED_AT:%d %B %Y}", highlight=False
            )
            with _progress(console) as progress:
                page = Demo(account, console, days, runtime).perform(progress)
            console.print(f"\nreport: {page}\ntook {time.monotonic() - began:.0f} s", highlight=False, soft_wrap=True)
            if keep:
                _wait_for_interrupt(account, console)
    except KeyboardInterrupt:
        console.print("interrupted; the account is gone")
        return INTERRUPTED
    except (cloud.DeploymentError, LocalAccountError) as error:
        console.print(f"[red]failed:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        return 1
    return 0


def _progress(console: Console) -> Progress:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def _wait_for_interrupt(account: LocalAccount, console: Console) -> None:
    console.print(
        f"\nthe account stays up until Ctrl-C; look around with\n  export AWS_ENDPOINT_URL={account.endpoint_url}"
    )
    signal.pause()


if __name__ == "__main__":
    sys.exit(main())
