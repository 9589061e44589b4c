"""Models and endpoint configurations: descriptions of what may be deployed."""

from __future__ import annotations

from collections.abc import Mapping

from localaws.sagemaker import storage
from localaws.sagemaker.account import Account
from localaws.sagemaker.api import Operation
from localaws.sagemaker.store import Document, Listing, Request, Table, ValidationError, described

_MODELS = Listing("Models", name="ModelName")
_CONFIGS = Listing("EndpointConfigs", name="EndpointConfigName")


class Models:
    """The operations on models and endpoint configurations."""

    def __init__(self, account: Account, models: Table, configs: Table, packages: Table) -> None:
        self._account = account
        self._models, self._configs, self._packages = models, configs, packages

    def operations(self) -> Mapping[str, Operation]:
        """Return the operations by Amazon's name."""
        return {
            "CreateModel": self.create_model,
            "DescribeModel": lambda request: self._models.get(request["ModelName"]).document,
            "ListModels": lambda request: _MODELS.answer((model.document for model in self._models), request),
            "DeleteModel": self.delete_model,
            "CreateEndpointConfig": self.create_endpoint_config,
            "DescribeEndpointConfig": lambda request: self._configs.get(request["EndpointConfigName"]).document,
            "ListEndpointConfigs": lambda request: _CONFIGS.answer((one.document for one in self._configs), request),
            "DeleteEndpointConfig": self.delete_endpoint_config,
        }

    def create_model(self, request: Request) -> Document:
        """Keep a model whose artifacts are where it says."""
        name = request["ModelName"]
        if ("PrimaryContainer" in request) == ("Containers" in request):
            raise ValidationError("One of PrimaryContainer and Containers must be specified, and not both.")
        s3 = self._account.client("s3", request.get("ExecutionRoleArn"))
        for container in self._containers(request):
            url = container.get("ModelDataUrl")
            if url and not storage.exists(s3, url):
                raise ValidationError(f"Could not find model data at {url}.")
        document = {"EnableNetworkIsolation": False} | described(
            request, ModelArn=self._models.arn(name), CreationTime=self._account.now()
        )
        return {"ModelArn": self._models.add(name, document, request.get("Tags", [])).arn}

    def delete_model(self, request: Request) -> Document:
        """Forget a model; what is deployed of it stays."""
        self._models.remove(request["ModelName"])
        return {}

    def create_endpoint_config(self, request: Request) -> Document:
        """Keep an endpoint configuration whose models exist."""
        name = request["EndpointConfigName"]
        for variant in [*request["ProductionVariants"], *request.get("ShadowProductionVariants", [])]:
            if model := variant.get("ModelName"):
                self._models.get(model)
        document = described(request, EndpointConfigArn=self._configs.arn(name), CreationTime=self._account.now())
        return {"EndpointConfigArn": self._configs.add(name, document, request.get("Tags", [])).arn}

    def delete_endpoint_config(self, request: Request) -> Document:
        """Forget an endpoint configuration; what is deployed of it stays."""
        self._configs.remove(request["EndpointConfigName"])
        return {}

    def containers(self, model_name: str) -> list[Document]:
        """Return the containers of a model, model packages resolved to theirs."""
        return self._containers(self._models.get(model_name).document)

    def role(self, model_name: str) -> str | None:
        """Return the role with which a model's containers work."""
        role: str | None = self._models.get(model_name).document.get("ExecutionRoleArn")
        return role

    def _containers(self, model: Request) -> list[Document]:
        given: list[Document] = model.get("Containers") or [model["PrimaryContainer"]]
        return [resolved for container in given for resolved in self._resolved(container)]

    def _resolved(self, container: Document) -> list[Document]:
        package_name = container.get("ModelPackageName")
        if package_name is None:
            return [container]
        package = self._packages.get(package_name).document
        own = container.get("Environment", {})
        return [
            packaged | {"Environment": packaged.get("Environment", {}) | own}
            for packaged in package["InferenceSpecification"]["Containers"]
        ]
