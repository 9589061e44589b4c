"""The program ``watchkeeper``."""

from __future__ import annotations

import typer

from watchkeeper.commands.backfill import backfill
from watchkeeper.commands.baseline import baseline
from watchkeeper.commands.baseline_review import diff, registry, show, use
from watchkeeper.commands.default_group import DEFAULT, DefaultGroup
from watchkeeper.commands.demo import demo
from watchkeeper.commands.doctor import doctor
from watchkeeper.commands.evidence import evidence
from watchkeeper.commands.experiment import experiments
from watchkeeper.commands.import_ import import_
from watchkeeper.commands.job import job
from watchkeeper.commands.report import report
from watchkeeper.commands.retrain import retrain
from watchkeeper.commands.review import answer, get, list_
from watchkeeper.commands.rollback import rollback
from watchkeeper.commands.run import run
from watchkeeper.commands.validate import validate
from watchkeeper.commands.verify import verify
from watchkeeper.exits import HELP

app = typer.Typer(
    name="watchkeeper",
    help=f"Open model monitoring for Amazon SageMaker.\n\n{HELP}",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (validate, doctor, run, backfill, job, retrain, report, evidence, verify, rollback):
    app.command()(command)
baselines = typer.Typer(
    cls=DefaultGroup,
    help="Learn from good data what normal is (`baseline DATASET...`); review, compare and choose baselines.",
    no_args_is_help=True,
)
baselines.command(name=DEFAULT)(baseline)
baselines.command()(show)
baselines.command()(diff)
baselines.command()(use)
baselines.command()(registry)
app.add_typer(baselines, name="baseline")
app.add_typer(experiments, name="experiment")
reviews = typer.Typer(help="Ask people about predictions; their answers become ground truth.", no_args_is_help=True)
reviews.command(name="list")(list_)
reviews.command()(get)
reviews.command()(answer)
app.add_typer(reviews, name="review")
app.command(name="import")(import_)
app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(demo)


def main() -> None:
    """Run the program."""
    app()
