"""Intrinsic functions and conditions of a template, resolved against a deployed stack.

Written from CloudFormation's documentation, apart from the engine that deploys: attributes are computed from the
physical id as each service documents its ARNs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_ARNS: Mapping[tuple[str, str], str] = {
    ("AWS::ECR::Repository", "Arn"): "arn:aws:ecr:{region}:{account}:repository/{id}",
    ("AWS::ECR::Repository", "RepositoryUri"): "{account}.dkr.ecr.{region}.amazonaws.com/{id}",
    ("AWS::CodeBuild::Project", "Arn"): "arn:aws:codebuild:{region}:{account}:project/{id}",
    ("AWS::CloudWatch::Alarm", "Arn"): "arn:aws:cloudwatch:{region}:{account}:alarm:{id}",
    ("AWS::DynamoDB::Table", "Arn"): "arn:aws:dynamodb:{region}:{account}:table/{id}",
    ("AWS::Events::Rule", "Arn"): "arn:aws:events:{region}:{account}:rule/{id}",
    ("AWS::IAM::Role", "Arn"): "arn:aws:iam::{account}:role/{id}",
    ("AWS::KMS::Key", "Arn"): "arn:aws:kms:{region}:{account}:key/{id}",
    ("AWS::Lambda::Function", "Arn"): "arn:aws:lambda:{region}:{account}:function:{id}",
    ("AWS::Logs::LogGroup", "Arn"): "arn:aws:logs:{region}:{account}:log-group:{id}:*",
    ("AWS::S3::Bucket", "Arn"): "arn:aws:s3:::{id}",
    ("AWS::SQS::Queue", "Arn"): "arn:aws:sqs:{region}:{account}:{name}",
    ("AWS::SQS::Queue", "QueueName"): "{name}",
    ("AWS::SageMaker::EndpointConfig", "EndpointConfigName"): "{id}",
    ("AWS::SageMaker::Model", "ModelName"): "{id}",
}
"""(type, attribute) -> its value; ``name`` is the last part of the physical id."""

Attributes = Callable[[str, str], str]


@dataclass(frozen=True)
class Resolver:
    """Resolves values of one template.

    Parameters
    ----------
    template : dict
        As synthesised.
    physical_ids : mapping
        Logical id -> physical id.
    account_id, region : str
        Where the stack is.
    custom : callable
        Attribute of a custom resource: (logical id, attribute) -> value.
    parameter : callable
        Value of an SSM parameter, by its name.
    """

    template: dict[str, Any]
    physical_ids: Mapping[str, str]
    account_id: str
    region: str
    custom: Attributes
    parameter: Callable[[str], str]

    def resolve(self, value: Any) -> Any:
        """Return `value` with every intrinsic function replaced by what it gives."""
        if isinstance(value, list):
            return [self.resolve(item) for item in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name == "Ref" or name.startswith("Fn::"):
                return self._functions[name](argument)
        return {key: self.resolve(item) for key, item in value.items()}

    def exists(self, logical_id: str) -> bool:
        """Return whether the resource's condition holds; a resource without one always exists."""
        condition = self.template["Resources"][logical_id].get("Condition")
        return condition is None or bool(self.resolve(self.template["Conditions"][condition]))

    @property
    def _functions(self) -> Mapping[str, Callable[[Any], Any]]:
        return {
            "Ref": self._ref,
            "Fn::GetAtt": lambda argument: self._attribute(*argument),
            "Fn::Join": lambda argument: argument[0].join(map(str, self.resolve(argument[1]))),
            "Fn::Select": lambda argument: self.resolve(argument[1])[int(argument[0])],
            "Fn::Split": lambda argument: self.resolve(argument[1]).split(argument[0]),
            "Fn::Sub": self._sub,
            "Fn::FindInMap": self._find_in_map,
            "Fn::Equals": lambda argument: self.resolve(argument[0]) == self.resolve(argument[1]),
            "Fn::Or": lambda argument: any(map(self.resolve, argument)),
        }

    def _ref(self, name: str) -> str:
        pseudo = {
            "AWS::AccountId": self.account_id,
            "AWS::Partition": "aws",
            "AWS::Region": self.region,
            "AWS::URLSuffix": "amazonaws.com",
        }
        if name in pseudo:
            return pseudo[name]
        given = self.template.get("Parameters", {}).get(name)
        return self.parameter(given["Default"]) if given else self.physical_ids[name]

    def _attribute(self, logical_id: str, attribute: str) -> str:
        resource_type, physical_id = self.template["Resources"][logical_id]["Type"], self.physical_ids[logical_id]
        if resource_type.startswith("Custom::"):
            return self.custom(logical_id, attribute)
        return _ARNS[resource_type, attribute].format(
            region=self.region, account=self.account_id, id=physical_id, name=physical_id.rsplit("/", 1)[-1]
        )

    def _sub(self, text: str) -> str:
        return re.sub(r"\$\{([^!}]+)\}", lambda match: self._ref(match[1]), text)

    def _find_in_map(self, argument: list[Any]) -> Any:
        table, first, second = self.resolve(argument)
        return self.template["Mappings"][table][first][second]
