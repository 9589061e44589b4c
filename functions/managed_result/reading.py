"""What an execution wrote, and the baseline it was held against."""

from __future__ import annotations

from typing import Final

from functions.common.baselines import BaselineStore
from functions.common.contract import RunSpec
from functions.common.storage import list_objects, read, write_if_absent
from functions.managed_result.executions import Job
from monitoring_core.artifacts import RunResult
from monitoring_core.baseline_files import BaselineFiles
from monitoring_core.checks.codec import dump_evaluation, load_evaluation
from monitoring_core.errors import DataError
from monitoring_core.model_monitor import AmazonReport, read_evaluation

EVALUATION: Final = "evaluation.json"
CLARIFY_PAGE: Final = "clarify.html"
"""Where Clarify's own ``report.html`` is kept beside ours."""

_AMAZON_FILES: Final = frozenset(
    {
        "statistics.json",
        "constraints.json",
        "constraint_violations.json",
        "constraints_violations.json",
        "analysis.json",
    }
)
_OUR_FILES: Final = _AMAZON_FILES | {EVALUATION, "segments.json", "quarantine.jsonl"}
_PAGE: Final = "report.html"


def read_result(run: RunSpec, job: Job, baseline: BaselineFiles) -> RunResult:
    """Return what the job found. Our own image says it in ``evaluation.json``; Amazon's images in their files.

    Raises
    ------
    DataError
        If a file is missing or cannot be read.
    """
    wanted = _AMAZON_FILES if job.is_amazon else _OUR_FILES
    named = ((item.uri, item.uri.removeprefix(job.output)) for item in list_objects(job.output))
    files = {name: read(uri) for uri, name in named if name in wanted}
    if not job.is_amazon and EVALUATION in files:
        return RunResult(load_evaluation(files[EVALUATION]), files)
    evaluation = read_evaluation(run.spec, AmazonReport(files, baseline.files))
    if job.message.startswith("CompletedWithViolations") and not evaluation.violations:
        raise DataError(
            f"the job says {job.message!r}, but {job.output} holds no constraint_violations.json with an entry; "
            "see the job's log"
        )
    return RunResult(evaluation, {**files, EVALUATION: dump_evaluation(evaluation)})


def read_baseline(run: RunSpec, job: Job) -> BaselineFiles:
    """Return the baseline that the job read, else the one in force.

    Raises
    ------
    BaselineError
        If it is missing or was changed.
    """
    store = BaselineStore(run.baselines)
    own = (uri.removeprefix(run.baselines) for uri in job.inputs if uri.startswith(run.baselines))
    named = next((rest.partition("/")[0] for rest in own if "/" in rest), None)
    return store.current() if named is None else store.load(named)


def keep_clarify_page(job: Job) -> None:
    """Keep Clarify's page under another name, before ours takes its place; what is kept once stays."""
    if not job.is_amazon:
        return
    for item in list_objects(job.output + _PAGE):
        if item.uri == job.output + _PAGE:
            write_if_absent(job.output + CLARIFY_PAGE, read(item.uri))
