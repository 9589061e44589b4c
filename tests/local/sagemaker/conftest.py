from __future__ import annotations

import io
import logging
import os
import tarfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from moto.cloudwatch.models import cloudwatch_backends
from moto.logs.models import logs_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.s3.models import s3_backends
from werkzeug.serving import make_server

from localaws.clock import Clock
from localaws.sagemaker import install
from localaws.services import account_client, sdk_environment

# Adds up each row, says so as CSV, and fails in the three ways a model can.
INFERENCE = """
import os

class Refused(Exception):
    status_code = 400

def model_fn(model_dir):
    return float(open(os.path.join(model_dir, "weight.txt")).read())

def input_fn(body, content_type):
    if content_type == "application/octet-stream":
        return [[len(body)]]
    if body.startswith("refuse"):
        raise Refused("no such flight")
    if body.startswith("die"):
        os._exit(3)
    return [[float(cell) for cell in line.split(",")] for line in body.splitlines()]

def predict_fn(data, model):
    print("this goes to the log")
    return [model * sum(row) for row in data]

def output_fn(prediction, accept):
    return "".join(f"{value}\\n" for value in prediction)
"""


class QuietHandler(MotoRequestHandler):
    def log_request(self, *_: object) -> None:
        pass


class Server:
    """A server for all tests, whose application each test may change."""

    def __init__(self) -> None:
        self.moto = DomainDispatcherApplication(create_backend_app)
        self.application: Any = self.moto
        self._server = make_server("127.0.0.1", 0, self, threaded=True, request_handler=QuietHandler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def __call__(self, environ: Any, start_response: Any) -> Any:
        return self.application(environ, start_response)

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Bench:
    """SageMaker on a bare moto server in this process, with a clock and a list of events."""

    START = datetime(2013, 1, 1, 8, 30, tzinfo=UTC)
    ROLE = "arn:aws:iam::123456789012:role/sagemaker"
    SCRIPT_MODE: ClassVar = {
        "SAGEMAKER_PROGRAM": "inference.py",
        "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
    }
    IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1"
    ANALYZER = "156813124566.dkr.ecr.us-east-1.amazonaws.com/sagemaker-model-monitor-analyzer"

    account_id, region, seed, model_monitor = "123456789012", "us-east-1", 0, True

    def __init__(self, server: Server, work_dir: Path, images: Mapping[str, Sequence[str]]) -> None:
        self._endpoint_url, self.work_dir, self.images = server.url, work_dir, images
        self.events: list[dict[str, Any]] = []
        self.sagemaker = install(self)
        server.application = self.sagemaker.in_front_of(server.moto)
        self.clock = Clock(self.START, self.settle)
        self.clock.add(self.sagemaker)

    def now(self) -> datetime:
        return self.clock.now

    def settle(self) -> None:
        while self.sagemaker.settle():
            pass

    def client(self, service: str, role: str | None = None) -> Any:  # noqa: ARG002 - nobody is refused here
        return account_client(service, self.account_id, self.region, self._endpoint_url)

    def environment(self, role: str | None = None) -> dict[str, str]:  # noqa: ARG002 - nobody is refused here
        return sdk_environment(self.account_id, self.region, self._endpoint_url)

    def put_event(self, **event: Any) -> None:
        self.events.append(event)

    def advance(self, **step: float) -> None:
        """Let simulated time pass."""
        self.clock.advance_to(self.clock.now + timedelta(**step))

    def make_model(self, name: str = "model", weight: float = 1.0, inference: str = INFERENCE) -> str:
        """Upload a model and make it known."""
        key = f"models/{name}/model.tar.gz"
        self.upload(key, self.archive({"weight.txt": str(weight), "code/inference.py": inference}))
        container = {"Image": self.IMAGE, "ModelDataUrl": f"s3://bucket/{key}", "Environment": self.SCRIPT_MODE}
        self.client("sagemaker").create_model(ModelName=name, ExecutionRoleArn=self.ROLE, PrimaryContainer=container)
        return name

    def make_config(self, name: str, models: Mapping[str, float], capture: dict[str, Any] | None = None) -> str:
        """Make an endpoint configuration with a variant for each model."""
        variants = [
            {
                "VariantName": model,
                "ModelName": model,
                "InitialInstanceCount": 1,
                "InstanceType": "ml.m7i.large",
                "InitialVariantWeight": weight,
            }
            for model, weight in models.items()
        ]
        more = {"DataCaptureConfig": capture} if capture else {}
        self.client("sagemaker").create_endpoint_config(EndpointConfigName=name, ProductionVariants=variants, **more)
        return name

    def serve(self, models: Mapping[str, float], capture: dict[str, Any] | None = None) -> None:
        """Serve `models` (and their weights) behind the endpoint ``ep``."""
        self.make_config("config", models, capture)
        self.client("sagemaker").create_endpoint(EndpointName="ep", EndpointConfigName="config")

    def deploy(self, capture: dict[str, Any] | None = None) -> None:
        """Serve the model that adds up behind the endpoint ``ep``."""
        self.make_model()
        self.serve({"model": 1.0}, capture)

    def invoke(self, body: str | bytes = "1,2,3", **more: Any) -> str:
        """Invoke ``ep`` with CSV, and return the answer."""
        request = {"EndpointName": "ep", "Body": body, "ContentType": "text/csv"} | more
        answer: bytes = self.client("sagemaker-runtime").invoke_endpoint(**request)["Body"].read()
        return answer.decode()

    def upload(self, key: str, body: str | bytes) -> str:
        """Put an object into the bucket, and return its URI."""
        self.client("s3").put_object(Bucket="bucket", Key=key, Body=body)
        return f"s3://bucket/{key}"

    def objects(self, prefix: str) -> dict[str, bytes]:
        """Return the objects below a prefix."""
        s3 = self.client("s3")
        listed = s3.list_objects_v2(Bucket="bucket", Prefix=prefix).get("Contents", [])
        return {one["Key"]: s3.get_object(Bucket="bucket", Key=one["Key"])["Body"].read() for one in listed}

    def changes(self, what: str) -> list[dict[str, Any]]:
        """Return the events of one kind."""
        return [event for event in self.events if event["detail_type"] == f"SageMaker {what} Change"]

    @staticmethod
    def capture_config(**changes: Any) -> dict[str, Any]:
        """Return a capture configuration for everything, as CSV and JSON."""
        return {
            "EnableCapture": True,
            "InitialSamplingPercentage": 100,
            "DestinationS3Uri": "s3://bucket/capture",
            "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
            "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"], "JsonContentTypes": ["application/json"]},
        } | changes

    @staticmethod
    def archive(files: Mapping[str, str]) -> bytes:
        """Return a ``.tar.gz`` of `files`."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as tar:
            for name, text in files.items():
                info = tarfile.TarInfo(name)
                info.size = len(text.encode())
                tar.addfile(info, io.BytesIO(text.encode()))
        return packed.getvalue()


@pytest.fixture(scope="session", autouse=True)
def _environment() -> Iterator[None]:
    kept = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("AWS_")}
    os.environ["AWS_DEFAULT_REGION"] = "us-east-1"
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    yield
    del os.environ["AWS_DEFAULT_REGION"]
    os.environ.update(kept)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def images() -> dict[str, list[str]]:
    """Return the stand-ins for images; a module may have its own."""
    return {}


@pytest.fixture
def bench(tmp_path: Path, server: Server, images: dict[str, list[str]]) -> Iterator[Bench]:
    for backends in (s3_backends, cloudwatch_backends, logs_backends):  # the others are slow to make, and not used here
        for account in backends.values():
            account.reset()
    bench = Bench(server, tmp_path / "work", images)
    bench.client("s3").create_bucket(Bucket="bucket")
    yield bench
    bench.sagemaker.close()
