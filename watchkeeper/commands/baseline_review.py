"""``watchkeeper baseline show``, ``diff``, ``use`` and ``registry``."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from watchkeeper.exits import Exit
from watchkeeper.options import Config, Json, Monitor
from watchkeeper.output import Output, reporting

if TYPE_CHECKING:
    from monitoring_core.baseline_files import BaselineFiles

_PLACE: Final = "Folder, s3:// URI or, with --config, id of a baseline."


def show(
    place: Annotated[str, typer.Argument(help=_PLACE, metavar="BASELINE")],
    *,
    config: Config = None,
    monitor: Monitor = None,
    as_json: Json = False,
) -> None:
    """Show what a baseline says of every feature: types, values, quartiles and limits."""
    with reporting(as_json=as_json) as output:
        from watchkeeper.baseline_facts import facts, spell  # noqa: PLC0415 - start-up

        baseline = _find(place, config, monitor)
        _introduce(output, baseline)
        found = facts(baseline.files)
        output.table(
            ("feature", "what is normal"),
            (
                (feature, "; ".join(f"{what} {spell(value)}" for what, value in said.items()))
                for feature, said in found.items()
            ),
        )
        output.result({"baseline_id": baseline.baseline_id, "features": found})


def diff(
    before: Annotated[str, typer.Argument(help=_PLACE, metavar="BEFORE")],
    after: Annotated[str, typer.Argument(help="Likewise.", metavar="AFTER")],
    *,
    config: Config = None,
    monitor: Monitor = None,
    as_json: Json = False,
) -> None:
    """Compare two baselines, feature by feature; exit code 1 where they differ."""
    with reporting(as_json=as_json) as output:
        from watchkeeper.baseline_facts import changes, facts, spell  # noqa: PLC0415

        old, new = _find(before, config, monitor), _find(after, config, monitor)
        found = changes(facts(old.files), facts(new.files))
        if found:
            output.say(f"{old.baseline_id} -> {new.baseline_id}: {len(found)} differences", style="yellow")
        else:
            output.say(f"{old.baseline_id} and {new.baseline_id} say the same", style="green")
        output.table(
            ("feature", "what", "before", "after"),
            ((one.feature, one.what, spell(one.before), spell(one.after)) for one in found),
        )
        output.result({"before": old.baseline_id, "after": new.baseline_id, "changes": [asdict(one) for one in found]})
        raise typer.Exit(Exit.VIOLATIONS if found else Exit.CLEAN)


def use(
    baseline_id: Annotated[str, typer.Argument(help="Id of a baseline in the bucket: 16 digits.", metavar="ID")],
    config: Annotated[Path, typer.Option("--config", "-c", help="Configuration file of the deployed stack.")],
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with the move.")],
    monitor: Monitor = None,
    as_json: Json = False,
) -> None:
    """Put another baseline of the bucket in force for the runs to come; nothing else changes.

    Every move is kept below moves/ beside the pointer.
    """
    with reporting(as_json=as_json) as output:
        from functions.common.baselines import Pointer  # noqa: PLC0415 - needs boto3
        from watchkeeper.deployed import Deployed, aws_explained  # noqa: PLC0415

        deployed = Deployed.of(config)
        name = deployed.monitor(monitor)
        store = deployed.baselines(name)
        with aws_explained(store.prefix):
            baseline, before = store.load(baseline_id), store.pointer()
            model = baseline.info.model if baseline.info else ""
            pointer = Pointer(baseline_id=baseline_id, model=model, moved_at=datetime.now(UTC))
            store.move(pointer, reason=reason)
        was = before.baseline_id if before else None
        output.say(f"{name}: {was or 'none'} -> {baseline_id}", style="green")
        if any(one.name == name and one.runtime == "managed" for one in deployed.config.monitors):
            output.say(
                "Model Monitor reads the baseline of its job definition: deploy again to change that", style="yellow"
            )
        output.result({"monitor": name, "before": was, "after": baseline_id, "reason": reason})


def registry(
    config: Annotated[Path, typer.Option("--config", "-c", help="Configuration file of the deployed stack.")],
) -> None:
    """Print the baselines in force as the model registry takes them, as JSON.

    For `aws sagemaker create-model-package --drift-check-baselines`: a package keeps them from its creation on.
    """
    with reporting(as_json=True) as output:
        from functions.common.storage import list_objects  # noqa: PLC0415 - needs boto3
        from monitoring_core.model_monitor.registry import drift_check_baselines  # noqa: PLC0415
        from watchkeeper.deployed import Deployed, aws_explained  # noqa: PLC0415

        deployed = Deployed.of(config)
        files: dict[str, dict[str, str]] = {}
        for monitor in deployed.config.monitors:
            store = deployed.baselines(monitor.name)
            with aws_explained(store.prefix):
                pointer = store.pointer()
                if pointer is not None:
                    folder = store.uri(pointer.baseline_id, "")
                    uris = [item.uri for item in list_objects(folder)]
                    files.setdefault(monitor.kind, {uri.removeprefix(folder): uri for uri in uris})
        output.result(drift_check_baselines(files))


def _find(place: str, config: Path | None, monitor: str | None) -> BaselineFiles:
    """Read a baseline by folder, URI or id."""
    from watchkeeper.baselines import read_baseline_files  # noqa: PLC0415
    from watchkeeper.deployed import BASELINE_ID, Deployed, aws_explained  # noqa: PLC0415

    if config is None or not BASELINE_ID.fullmatch(place):
        return read_baseline_files(place)
    deployed = Deployed.of(config)
    store = deployed.baselines(deployed.monitor(monitor))
    with aws_explained(store.prefix):
        return store.load(place)


def _introduce(output: Output, baseline: BaselineFiles) -> None:
    info = baseline.info
    made = (
        ""
        if info is None
        else f": {info.monitor}, {info.rows:,} rows of {info.dataset}, made {info.created_at:%Y-%m-%d}"
    )
    output.say(f"baseline {baseline.baseline_id}{made}", style="bold")
