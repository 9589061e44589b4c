"""Parameters of the retraining pipeline: everything that differs between deployments or between runs."""

from __future__ import annotations

from sagemaker.core.workflow.parameters import ParameterFloat, ParameterInteger, ParameterString

# where it runs
REGION = ParameterString("Region")
ROLE_ARN = ParameterString("RoleArn")
KMS_KEY_ARN = ParameterString("KmsKeyArn")
PROCESS_IMAGE = ParameterString("ProcessImage")
TRAIN_IMAGE = ParameterString("TrainImage")
INSTANCE_TYPE = ParameterString("InstanceType")
INFERENCE_INSTANCE_TYPE = ParameterString("InferenceInstanceType")

# what it reads and writes
CODE_URI = ParameterString("CodeUri")
CAPTURE_PREFIX = ParameterString("CapturePrefix")
GROUND_TRUTH_PREFIX = ParameterString("GroundTruthPrefix")
BASELINE_DATASET = ParameterString("BaselineDataset")
CHAMPION_MODEL_URI = ParameterString("ChampionModelUri")
OUTPUT_PREFIX = ParameterString("OutputPrefix")
BASELINES = ParameterString("Baselines")
REPORTS_PREFIX = ParameterString("ReportsPrefix", default_value="-")
MONITORS = ParameterString("Monitors", default_value="-")

# what the columns mean; a parameter cannot be empty, so "-" says none
OUTPUTS = ParameterString("Outputs")
LABEL = ParameterString("Label")
TIME_COLUMN = ParameterString("TimeColumn", default_value="-")
LABEL_LAG_HOURS = ParameterInteger("LabelLagHours")

MAX_AGE_DAYS = ParameterInteger("MaxAgeDays", default_value=60)
REWEIGHING = ParameterString("Reweighing", default_value="-")

# how it decides
HOLDOUT_SHARE = ParameterFloat("HoldoutShare", default_value=0.2)
MIN_LABELLED_ROWS = ParameterInteger("MinLabelledRows", default_value=1000)
PROBLEM = ParameterString("Problem")
METRIC = ParameterString("Metric")
PREDICTION = ParameterString("Prediction", default_value="-")
PROBABILITY = ParameterString("Probability", default_value="-")
PROBABILITY_THRESHOLD = ParameterFloat("ProbabilityThreshold", default_value=0.5)
POSITIVE_LABEL = ParameterString("PositiveLabel", default_value="-")
MIN_IMPROVEMENT = ParameterFloat("MinImprovement")
MAX_BIAS_INCREASE = ParameterString("MaxBiasIncrease", default_value="-")
MIN_NDCG = ParameterString("MinNdcg", default_value="-")
MODEL_PACKAGE_GROUP = ParameterString("ModelPackageGroup")
APPROVAL_STATUS = ParameterString("ApprovalStatus")

# why it was started
INCIDENT_ID = ParameterString("IncidentId", default_value="manual")
EVIDENCE_URI = ParameterString("EvidenceUri", default_value="none")
WINDOW_END = ParameterString("WindowEnd", default_value="9999-12-31T00:00:00Z")

ALL = (
    REGION,
    ROLE_ARN,
    KMS_KEY_ARN,
    PROCESS_IMAGE,
    TRAIN_IMAGE,
    INSTANCE_TYPE,
    INFERENCE_INSTANCE_TYPE,
    CODE_URI,
    CAPTURE_PREFIX,
    GROUND_TRUTH_PREFIX,
    BASELINE_DATASET,
    CHAMPION_MODEL_URI,
    OUTPUT_PREFIX,
    BASELINES,
    REPORTS_PREFIX,
    MONITORS,
    OUTPUTS,
    LABEL,
    TIME_COLUMN,
    LABEL_LAG_HOURS,
    MAX_AGE_DAYS,
    REWEIGHING,
    HOLDOUT_SHARE,
    MIN_LABELLED_ROWS,
    PROBLEM,
    METRIC,
    PREDICTION,
    PROBABILITY,
    PROBABILITY_THRESHOLD,
    POSITIVE_LABEL,
    MIN_IMPROVEMENT,
    MAX_BIAS_INCREASE,
    MIN_NDCG,
    MODEL_PACKAGE_GROUP,
    APPROVAL_STATUS,
    INCIDENT_ID,
    EVIDENCE_URI,
    WINDOW_END,
)
