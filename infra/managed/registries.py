"""Amazon's own analyzers: which account publishes them in which region (contract 10.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from monitoring_core.errors import ConfigError

_DNS_SUFFIXES: Final = {"cn-": "amazonaws.com.cn", "us-isof-": "csp.hci.ic.gov"}
"""Of the partitions whose registries are elsewhere, by the start of their regions' names."""

MODEL_MONITOR_ACCOUNTS: Final = {
    "af-south-1": "875698925577",
    "ap-east-1": "001633400207",
    "ap-northeast-1": "574779866223",
    "ap-northeast-2": "709848358524",
    "ap-northeast-3": "990339680094",
    "ap-south-1": "126357580389",
    "ap-southeast-1": "245545462676",
    "ap-southeast-2": "563025443158",
    "ap-southeast-3": "669540362728",
    "ca-central-1": "536280801234",
    "cn-north-1": "453000072557",
    "cn-northwest-1": "453252182341",
    "eu-central-1": "048819808253",
    "eu-central-2": "590183933784",
    "eu-north-1": "895015795356",
    "eu-south-1": "933208885752",
    "eu-south-2": "437450045455",
    "eu-west-1": "468650794304",
    "eu-west-2": "749857270468",
    "eu-west-3": "680080141114",
    "il-central-1": "843974653677",
    "me-central-1": "588750061953",
    "me-south-1": "607024016150",
    "sa-east-1": "539772159869",
    "us-east-1": "156813124566",
    "us-east-2": "777275614652",
    "us-gov-west-1": "362178532790",
    "us-isof-east-1": "853188333426",
    "us-isof-south-1": "467912361380",
    "us-west-1": "890145073186",
    "us-west-2": "159807026194",
}
CLARIFY_ACCOUNTS: Final = {
    "af-south-1": "811711786498",
    "ap-east-1": "098760798382",
    "ap-northeast-1": "377024640650",
    "ap-northeast-2": "263625296855",
    "ap-northeast-3": "912233562940",
    "ap-south-1": "452307495513",
    "ap-southeast-1": "834264404009",
    "ap-southeast-2": "007051062584",
    "ap-southeast-3": "705930551576",
    "ca-central-1": "675030665977",
    "cn-north-1": "122526803553",
    "cn-northwest-1": "122578899357",
    "eu-central-1": "017069133835",
    "eu-central-2": "730335477804",
    "eu-north-1": "763603941244",
    "eu-south-1": "638885417683",
    "eu-west-1": "131013547314",
    "eu-west-2": "440796970383",
    "eu-west-3": "341593696636",
    "me-south-1": "835444307964",
    "sa-east-1": "520018980103",
    "us-east-1": "205585389593",
    "us-east-2": "211330385671",
    "us-gov-west-1": "598674086554",
    "us-isof-east-1": "579539705040",
    "us-isof-south-1": "411392592546",
    "us-west-1": "740489534195",
    "us-west-2": "306415355426",
}


@dataclass(frozen=True, slots=True)
class Publication:
    """An image as Amazon publishes it: by region, from an account of each.

    Attributes
    ----------
    tag : str
        Empty where the image is published without one.
    accounts : mapping of str to str
        Account by region; there is no image in other regions.
    """

    repository: str
    tag: str
    accounts: Mapping[str, str]

    @property
    def path(self) -> str:
        """What follows the registry in the image's name."""
        return f"{self.repository}:{self.tag}" if self.tag else self.repository


ANALYZER: Final = Publication("sagemaker-model-monitor-analyzer", "", MODEL_MONITOR_ACCOUNTS)
"""Data quality and model quality."""
MERGER: Final = Publication("sagemaker-model-monitor-groundtruth-merger", "", MODEL_MONITOR_ACCOUNTS)
"""Joins captured records and labels, before every kind that needs labels."""
CLARIFY: Final = Publication("sagemaker-clarify-processing", "1.0", CLARIFY_ACCOUNTS)
"""Bias and explainability."""


def image_uri(publication: Publication, region: str) -> str:
    """Return the name of an image in a region.

    Raises
    ------
    ConfigError
        If Amazon publishes none there.

    Examples
    --------
    >>> image_uri(CLARIFY, "eu-west-1")
    '131013547314.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-clarify-processing:1.0'
    >>> image_uri(ANALYZER, "cn-north-1")
    '453000072557.dkr.ecr.cn-north-1.amazonaws.com.cn/sagemaker-model-monitor-analyzer'
    """
    if region not in publication.accounts:
        raise ConfigError(
            f"Amazon publishes no {publication.repository} in {region}; it does in {', '.join(publication.accounts)}; "
            "use one of these regions, or our own analyzer (`runtime: auto`)"
        )
    suffix = next((dns for start, dns in _DNS_SUFFIXES.items() if region.startswith(start)), "amazonaws.com")
    return f"{publication.accounts[region]}.dkr.ecr.{region}.{suffix}/{publication.path}"
