"""``watchkeeper baseline``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from watchkeeper.options import Config, Format, Ignore, Json, Labels, Monitor, Spec
from watchkeeper.output import reporting

_WORDS = "Without a configuration"


def baseline(
    dataset: Annotated[
        list[str],
        typer.Argument(help="CSV, JSON Lines or Parquet: files, folders or s3:// URIs.", metavar="DATASET..."),
    ],
    folder: Annotated[Path, typer.Option("--output", "-o", help="Folder to write the baseline to.")],
    *,
    config: Config = None,
    monitor: Monitor = None,
    spec: Spec = None,
    kind: Annotated[
        str | None,
        typer.Option(
            "--kind",
            help="data-quality (default), data-integrity, prediction-drift, model-quality, model-bias or "
            "model-explainability.",
            rich_help_panel=_WORDS,
        ),
    ] = None,
    label: Annotated[str | None, typer.Option("--label", help="Column of the truth.", rich_help_panel=_WORDS)] = None,
    prediction: Annotated[
        str | None,
        typer.Option("--prediction", help="Column of the predicted class or number.", rich_help_panel=_WORDS),
    ] = None,
    probability: Annotated[
        str | None,
        typer.Option("--probability", help="Column of the probability of the positive class.", rich_help_panel=_WORDS),
    ] = None,
    problem: Annotated[
        str | None,
        typer.Option(
            "--problem",
            help="binary-classification (default with --probability), multiclass-classification or regression.",
            rich_help_panel=_WORDS,
        ),
    ] = None,
    positive: Annotated[
        list[str] | None,
        typer.Option("--positive", help="Label of the positive class; by default 1.", rich_help_panel=_WORDS),
    ] = None,
    facet: Annotated[
        list[str] | None,
        typer.Option(
            "--facet",
            help="Disadvantaged group: carrier=EV,9E or 'age>60'; may be repeated.",
            rich_help_panel=_WORDS,
        ),
    ] = None,
    segment: Annotated[
        list[str] | None,
        typer.Option(
            "--segment", help="Column whose values are judged one by one; may be repeated.", rich_help_panel=_WORDS
        ),
    ] = None,
    model_file: Annotated[
        str | None,
        typer.Option("--model-file", help="Model to explain: XGBoost, LightGBM, ONNX, linear, or a model.tar.gz."),
    ] = None,
    time: Annotated[
        str | None,
        typer.Option("--time", help="Column with the time of each row: limits are calibrated to ordinary change."),
    ] = None,
    ignore: Ignore = None,
    answer: Annotated[
        list[str] | None,
        typer.Option(
            "--answer",
            help="Column of the model's answer, for traffic that was captured: its rows begin with the answer. "
            "May be repeated; needed where neither --prediction nor --probability names it.",
            rich_help_panel=_WORDS,
        ),
    ] = None,
    labels: Labels = None,
    data_format: Format = "auto",
    model: Annotated[str, typer.Option("--model", help="Name of the model the baseline belongs to.")] = "",
    as_json: Json = False,
) -> None:
    """Learn from good data what normal is, for a monitor of any kind.

    The folder holds Amazon's files of the kind, baseline.json, and settings.json: what was said here, so that
    `watchkeeper run` needs the folder alone.
    """
    with reporting(as_json=as_json) as output:
        from watchkeeper.choosing import choose, parse_problem, with_words  # noqa: PLC0415 - start-up
        from watchkeeper.inputs import find_all  # noqa: PLC0415
        from watchkeeper.make_baseline import write_baseline  # noqa: PLC0415
        from watchkeeper.reading import Given, parse_format  # noqa: PLC0415

        chosen = choose(config, monitor, spec)
        settings = with_words(
            chosen,
            kind,
            label=label,
            prediction=prediction,
            probability=probability,
            problem=parse_problem(problem),
            positive=positive or (),
            facets=facet or (),
            segments=segment or (),
        )
        given = Given(find_all(dataset), find_all(labels or ()), parse_format(data_format))
        named = {
            "time_column": time or settings.time_column,
            "ignore": tuple(ignore or ()),
            "answer": tuple(answer or ()),
        }
        write_baseline(
            given,
            folder,
            output,
            settings.model_copy(update=named),
            dataset=", ".join(dataset),
            model=model,
            model_file=model_file,
        )
