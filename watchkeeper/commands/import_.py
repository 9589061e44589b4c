"""``watchkeeper import``."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from watchkeeper.exits import HELP, Exit
from watchkeeper.options import Json
from watchkeeper.output import reporting


class ImportRuntime(StrEnum):
    """Where the imported monitors run."""

    AUTO = "auto"
    MANAGED = "managed"


def import_(
    endpoint: Annotated[
        str | None, typer.Option("--endpoint", help="Endpoint of your account whose schedules are asked for.")
    ] = None,
    *,
    files: Annotated[
        Path | None,
        typer.Option(
            "--from-files", help="Folder with saved answers of `aws sagemaker describe-...`; no account is asked then."
        ),
    ] = None,
    folder: Annotated[Path, typer.Option("--output", "-o", help="Folder to write to.")] = Path("imported"),
    runtime: Annotated[
        ImportRuntime, typer.Option("--runtime", help="auto: this product's; managed: they stay with Model Monitor.")
    ] = ImportRuntime.AUTO,
    dataset: Annotated[
        str | None,
        typer.Option("--dataset", help="s3:// URI of the data set for baselines that must be made anew."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Turn Model Monitor's schedules, job definitions, baselines and alarms into a configuration.

    Writes monitoring.yaml and baselines/<monitor>/, and says of every setting that has no counterpart what it was.
    Nothing in the account is changed.
    """
    with reporting(as_json=as_json) as output:
        from monitoring_core.errors import ConfigError  # noqa: PLC0415 - start-up
        from watchkeeper.importing.convert import convert  # noqa: PLC0415
        from watchkeeper.importing.exported import from_files  # noqa: PLC0415
        from watchkeeper.importing.write import FILE, write  # noqa: PLC0415

        if (endpoint is None) == (files is None):
            raise ConfigError("give either --endpoint NAME, to ask your account, or --from-files FOLDER")
        if files is not None:
            exported = from_files(files)
        else:
            from watchkeeper.importing.account import from_account  # noqa: PLC0415 - needs boto3

            exported = from_account(endpoint or "")
        imported = convert(exported, runtime=runtime.value, dataset=dataset)
        errors = write(imported, folder)
        output.say(f"{folder / FILE}: {', '.join(one.name for one in imported.monitors)}", style="green")
        if imported.findings:
            output.say(f"{len(imported.findings)} settings were not taken over:")
        output.table(
            ("where", "setting", "value", "what to do"),
            ((one.source, one.setting, one.value, one.advice) for one in imported.findings),
        )
        if errors:
            output.say("the configuration is not complete yet:", style="yellow")
        for line in errors:
            output.say(line, style="yellow")
        output.result(
            {
                "configuration": str(folder / FILE),
                "valid": not errors,
                "errors": list(errors),
                "monitors": [one.name for one in imported.monitors],
                "not_taken_over": [asdict(one) for one in imported.findings],
            }
        )
        raise typer.Exit(Exit.USAGE if errors else Exit.CLEAN)


import_.__doc__ = f"{import_.__doc__}\n\n{HELP}"
