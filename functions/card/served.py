"""Which model an endpoint serves, as SageMaker names it."""

from __future__ import annotations

from functions.common.clients import client


def served_model(endpoint: str, variant: str) -> str:
    """Return the ARN of the model of a variant; of the first one where there is none of that name."""
    sagemaker = client("sagemaker")
    live = sagemaker.describe_endpoint(EndpointName=endpoint)
    config = sagemaker.describe_endpoint_config(EndpointConfigName=live["EndpointConfigName"])
    models = {one["VariantName"]: one["ModelName"] for one in config["ProductionVariants"]}
    name = models.get(variant, config["ProductionVariants"][0]["ModelName"])
    return str(sagemaker.describe_model(ModelName=name)["ModelArn"])
