"""``watchkeeper experiment``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from watchkeeper.options import Json
from watchkeeper.output import Output, reporting

if TYPE_CHECKING:
    from functions.experiment.standing import Compared, Standing

experiments = typer.Typer(help="Variants that are compared while they serve.", no_args_is_help=True)

_COLUMNS: Final = ("treatment", "metric", "difference", "interval", "p", "values")


@experiments.callback()
def _group() -> None:
    """Keep `status` a command of its own: a program with one command would swallow its name."""


@experiments.command()
def status(
    config: Annotated[Path, typer.Option("--config", "-c", help="Configuration file.")], *, as_json: Json = False
) -> None:
    """Show how the deployed experiment of an endpoint stands: the verdict, each difference, the split."""
    with reporting(as_json=as_json) as output:
        from monitoring_core.errors import ConfigError, DataError  # noqa: PLC0415 - start-up
        from watchkeeper.deployed import Deployed, aws_explained  # noqa: PLC0415

        deployed = Deployed.of(config)
        experiment = deployed.config.experiment
        if experiment is None:
            raise ConfigError(f"{config}: there is no section `experiment`")
        uri = f"s3://{deployed.bucket}/experiments/{deployed.config.name}/{experiment.name}/status.json"
        with aws_explained(uri):
            from functions.common.storage import read_if_present  # noqa: PLC0415 - needs boto3
            from functions.experiment.standing import Standing  # noqa: PLC0415

            body = read_if_present(uri)
        if body is None:
            raise DataError(
                f"{uri}: the experiment {experiment.name} has not been looked at yet; wait for its schedule"
            )
        standing = Standing.model_validate_json(body)
        _show(standing, output)
        output.result(standing.model_dump(mode="json"))


def _show(standing: Standing, output: Output) -> None:
    from functions.experiment.standing import told_shares  # noqa: PLC0415 - needs boto3

    over = "over" if standing.is_over else "goes on"
    output.say(f"{standing.endpoint}: experiment {standing.experiment}: {standing.outcome} ({over})")
    output.say(standing.reason)
    output.say(
        f"stage {standing.stage}, since {standing.since}, until {standing.until}: {told_shares(standing.weights)}"
    )
    events = ", ".join(f"{name} {count:,}" for name, count in standing.events.items())
    output.say(f"events: {events}; p of the split {_number(standing.sample_ratio_p_value)}")
    output.table(_COLUMNS, [_row(one) for one in standing.comparisons])
    output.say(standing.report)


def _row(one: Compared) -> tuple[str, ...]:
    return (
        one.treatment,
        one.metric,
        _number(one.estimate),
        f"{_number(one.low)} to {_number(one.high)}",
        _number(one.p_value),
        f"{one.n_treatment:,} and {one.n_control:,}",
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
