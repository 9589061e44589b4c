"""The image of a schedule's jobs: Amazon's in the region that is deployed to, or our own."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import Aws, CfnMapping, Fn
from constructs import Construct

from infra.managed.registries import Publication


@dataclass(frozen=True, slots=True)
class JobImage:
    """An image, and its repository."""

    uri: str
    repository_arn: str


class AmazonImages(Construct):
    """What Amazon publishes, each looked up when the template is deployed; a region without it fails the deployment."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self._images: dict[str, JobImage] = {}

    def get(self, publication: Publication) -> JobImage:
        """Return an image of the region."""
        name = publication.repository
        if name not in self._images:
            self._images[name] = self._image(publication)
        return self._images[name]

    def _image(self, publication: Publication) -> JobImage:
        accounts = {region: {"account": account} for region, account in publication.accounts.items()}
        account = CfnMapping(self, publication.repository, mapping=accounts).find_in_map(Aws.REGION, "account")
        arn = ["arn:", Aws.PARTITION, ":ecr:", Aws.REGION, ":", account, ":repository/", publication.repository]
        registry = [account, ".dkr.ecr.", Aws.REGION, ".", Aws.URL_SUFFIX]
        return JobImage(Fn.join("", [*registry, "/", publication.path]), Fn.join("", arn))
