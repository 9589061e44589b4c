"""Sections `alarms`, `retraining` and `governance`: who is told, and what happens then."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import Field, FiniteFloat, model_validator

from infra.config.base import Duration, Image, InstanceType, Like, S3Uri, Section, parse_duration
from infra.config.comparison import Metric
from infra.config.notify import Notify
from infra.config.schedule import ScheduleField
from monitoring_core.spec.model_bias import CategoryValue

Pipeline = Annotated[
    str,
    Like(
        r"create|arn:aws[a-z-]*:sagemaker:[a-z0-9-]+:\d{12}:pipeline/.+", "create, or the ARN of a SageMaker pipeline"
    ),
]
Tag = Annotated[
    str, Like(r"(?!aws:)[\w\s.:/=+@-]+", "letters, digits, spaces and .:/=+@_- but not starting with aws:", 128)
]
Tags = dict[Tag, Annotated[str, Field(max_length=256)]]
MissingData = Literal["breaching", "notBreaching", "ignore", "missing"]


_MAX_ARGUMENT: Final = 256
"""Characters of an argument of a processing job."""


class AlarmRule(Section):
    """After how many runs an alarm is raised."""

    datapoints_to_alarm: Annotated[int, Field(ge=1)] = 1
    """Runs with violations among the last `evaluation_periods` runs that raise the alarm (M of N)."""
    evaluation_periods: Annotated[int, Field(ge=1)] = 1
    """Runs that are looked at (N)."""
    heartbeat_periods: Annotated[int, Field(ge=1)] = 3
    """Windows in a row that have ended without a verdict and raise the heartbeat alarm. With 1, which weekly runs need,
    it rings up to two windows later: the newest window has no verdict until its run has ended."""

    @model_validator(mode="after")
    def _m_of_n(self) -> Self:
        if self.datapoints_to_alarm > self.evaluation_periods:
            given = f"{self.datapoints_to_alarm} of {self.evaluation_periods}"
            raise ValueError(f"`datapoints_to_alarm` must not be above `evaluation_periods`, got {given}")
        return self


class Alarms(AlarmRule):
    """When people are told."""

    missing_data: MissingData = "missing"
    """What a window without a verdict means to the violations alarm. `missing`: neither good nor bad."""
    max_quarantined_share: Annotated[float, Field(ge=0, lt=1)] = 0.01
    """Share of a window's records, 0 to 1, that may be unreadable before people are told."""
    notify: Notify = Notify()
    """Who gets the messages."""
    runbook: Annotated[str, Like(r"https://\S+", "an https address")] = (
        "https://github.com/watchkeeper/watchkeeper/blob/main/docs/runbook.md"
    )
    """Page that alarms link to; the section is appended, e.g. `#violations`."""


class Reweighing(Section):
    """Bias mitigation before training: weights by which groups and label are independent (Kamiran & Calders, 2012)."""

    column: str
    """Column of the training set that tells the groups."""
    equals: tuple[CategoryValue, ...] = ()
    """Values of the disadvantaged group. Left out, as `greater_than`: each value is a group of its own."""
    greater_than: FiniteFloat | None = None
    """The disadvantaged group is above this number."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.equals and self.greater_than is not None:
            raise ValueError("`equals` and `greater_than` are both given; give the one that tells the group")
        if len(self.facet) > _MAX_ARGUMENT:
            raise ValueError(
                f"as JSON it takes {len(self.facet)} characters, SageMaker at most {_MAX_ARGUMENT}: name fewer values"
            )
        return self

    @property
    def facet(self) -> str:
        """What the pipeline is told, as JSON."""
        return self.model_dump_json(exclude_defaults=True)


class ChallengerChecks(Section):
    """What a better challenger must not make worse, on the held-out rows. Each check needs a monitor of its kind."""

    bias: bool = True
    """Whether the facets of the monitor `model-bias` are compared."""
    max_bias_increase: Annotated[float, Field(ge=0)] | None = None
    """By how much a bias metric may be further from parity than the champion's, beyond chance. Left out: the monitor's
    `tolerance`."""
    attribution: bool = True
    """Whether the attributions of the monitor `model-explainability` are compared."""
    min_ndcg: Annotated[float, Field(gt=0, le=1)] | None = None
    """How alike champion and challenger must rank the features (NDCG). Left out: the monitor's `ndcg_threshold`."""


class Training(Section):
    """The pipeline that the stack creates: prepare, train, evaluate against the champion, register."""

    prepare_image: Image | None = None
    """Image that holds this product (`functions/analyzer/Dockerfile`); joins traffic and labels. Left out: that of
    `runtime.processing`."""
    image: Image
    """Your framework's image in script mode; trains, and evaluates both models."""
    code: S3Uri
    """Your scripts: `sourcedir.tar.gz` with `train.py` and `inference.py`."""
    champion: S3Uri | None = None
    """`model.tar.gz` that serves today. Left out: the artifact of the endpoint's first variant."""
    instance_type: InstanceType = "ml.m5.xlarge"
    """Machine of every step."""
    holdout_share: Annotated[float, Field(gt=0, lt=1)] = 0.2
    """Share of the labelled traffic, the latest, on which both models are compared."""
    max_age: Duration = parse_duration("60d")
    """Captured traffic that is older when the alarm is raised is not trained on; rounded up to days."""
    leave_out_faults: bool = True
    """Traffic of windows in which a monitor found a pipeline bug or a capture fault is neither trained on nor compared
    on. `false` where what looks like a fault is how the data are from now on."""
    min_labelled_rows: Annotated[int, Field(ge=1)] = 1000
    """With fewer labelled rows nothing is trained."""
    metric: Metric | None = None
    """By what models are compared, as monitors of model quality name it. Two classes: `auc` (the default where there
    are probabilities), `average_precision`, `log_loss`, `accuracy` or `f1` (the default where there are none). Several
    classes: `weighted_f1` (the default), `macro_f1` or `accuracy`. Regression: `rmse` (the default), `mae` or `r2`."""
    min_improvement: Annotated[FiniteFloat, Field(ge=0)] = 0.0
    """By how much a new model must be better, beyond chance, to be registered: in the unit of `metric`, so in that of
    the label for `rmse` and `mae`. Of errors and losses less is better."""
    checks: ChallengerChecks = ChallengerChecks()
    """What it must not make worse to be registered."""
    reweighing: Reweighing | None = None
    """Rows are weighed before training: your `train.py` finds the weights in the column `sample_weight`."""
    approval: Literal["manual", "automatic"] = "manual"
    """Whether a better model waits for a person in the model registry."""


class Retraining(Section):
    """What happens when violations raise an alarm."""

    pipeline: Pipeline = "create"
    """`create`, or the ARN of your own pipeline, which takes `IncidentId`, `EvidenceUri` and `WindowEnd`."""
    training: Training | None = None
    """Needed with `pipeline: create`."""
    parameters: dict[Literal["IncidentId", "EvidenceUri", "WindowEnd"], str] = Field(default_factory=dict)
    """Names that your own pipeline has for these parameters; an empty name leaves one out."""
    ask: Literal["alarms", "runs"] = "alarms"
    """Who asks for a retraining: the violation alarms, after M of N runs, or every run with violations."""
    schedule: ScheduleField | None = None
    """When a retraining is asked for without any violation, e.g. `cron(0 3 ? * MON *)`."""
    cooldown: Duration = parse_duration("3d")
    """No retraining starts so soon after the one before."""
    max_rejected: Annotated[int, Field(ge=1)] | None = 3
    """After so many challengers in a row that were not better, only a person starts another."""
    monthly_budget_usd: Annotated[float, Field(gt=0)] | None = None
    """What the retrainings of a calendar month (UTC) may cost; needs `expected_cost_usd`."""
    expected_cost_usd: Annotated[float, Field(gt=0)] | None = None
    """What one retraining costs, by your experience."""
    min_labels: Annotated[int, Field(ge=1)] | None = None
    """Labelled rows of the time that is trained on without which none starts. Left out: `training.min_labelled_rows`
    where a monitor counts labels."""
    dry_run: bool = False
    """Decide and report, but start nothing."""

    @model_validator(mode="after")
    def _budget_with_cost(self) -> Self:
        if self.monthly_budget_usd is not None and self.expected_cost_usd is None:
            raise ValueError("`monthly_budget_usd` needs `expected_cost_usd`: what one retraining costs")
        return self

    @model_validator(mode="after")
    def _parameters_of_own(self) -> Self:
        if self.parameters and self.pipeline == "create":
            raise ValueError("`parameters` are those of a pipeline of your own; remove them, or give its ARN")
        return self

    @model_validator(mode="after")
    def _training_with_create(self) -> Self:
        if (self.pipeline == "create") != (self.training is not None):
            raise ValueError(
                "`training` belongs to `pipeline: create`: give both, or the ARN of your own pipeline alone"
            )
        return self


class Governance(Section):
    """Facts for the model card and the bill."""

    owner: str | None = None
    """Person or team that answers for the model."""
    risk_rating: Literal["high", "medium", "low", "unknown"] = "unknown"
    """Risk rating of the model card."""
    purpose: Annotated[str, Field(max_length=1024)] | None = None
    """What the model is for."""
    tags: Tags = Field(default_factory=dict)
    """Tags of every resource, e.g. `cost-centre`."""
    ledger: bool = False
    """Write down each day which runs were sealed, each day's list chained to the one before by its hash:
    `watchkeeper verify` then says whether anything was changed since."""
    report_retention_days: Annotated[int, Field(ge=1)] | None = None
    """Reports are deleted after so many days. Left out: they stay. Ledgers always stay."""
