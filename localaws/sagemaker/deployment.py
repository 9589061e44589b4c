"""What serves an endpoint: the running variants of a configuration."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from localaws.sagemaker.account import Account
from localaws.sagemaker.fleet import StartError, Variant, start_variant
from localaws.sagemaker.models import Models
from localaws.sagemaker.store import Document, ValidationError


@dataclass
class Deployment:
    """What serves an endpoint at the moment.

    Attributes
    ----------
    capture : dict
        The ``DataCaptureConfig`` in force, empty where nothing is captured.
    variants : dict
        The running variants by name.
    shadows : dict
        The running shadow variants, which get copies of requests.
    """

    capture: Document
    variants: dict[str, Variant] = field(default_factory=dict)
    shadows: dict[str, Variant] = field(default_factory=dict)

    @property
    def running(self) -> dict[str, Variant]:
        """All that runs."""
        return self.variants | self.shadows

    def close(self) -> None:
        """End all processes."""
        for variant in self.running.values():
            variant.close()


def deploy(account: Account, models: Models, config: Document, folder: Path) -> Deployment:
    """Start the variants of a configuration below `folder`: all, or none.

    Raises
    ------
    StartError
        If one does not start.
    """
    serverless = any("ServerlessConfig" in variant for variant in config["ProductionVariants"])
    deployment = Deployment({} if serverless else config.get("DataCaptureConfig", {}))
    kinds = {"ProductionVariants": deployment.variants, "ShadowProductionVariants": deployment.shadows}
    try:
        for kind, running in kinds.items():
            for variant in config.get(kind, []):
                name = variant["VariantName"]
                running[name] = _start(account, models, variant["ModelName"], folder / name)
    except StartError:
        deployment.close()
        raise
    return deployment


def _start(account: Account, models: Models, model: str, folder: Path) -> Variant:
    try:
        containers = models.containers(model)
    except ValidationError as error:
        raise StartError(str(error)) from error
    return start_variant(account, containers, folder, models.role(model))
