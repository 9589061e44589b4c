"""Lambda zips without Docker: locked wheels for the Lambda platform, and our own packages; and what images are made of.

The wheels are those of `uv.lock`, for the minor version of the Python that synthesises: what the tests
ran is what is deployed. The asset's hash is computed from the lock, the sources and the platform, so an
unchanged bundle is never built twice.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import jsii
from aws_cdk import AssetHashType, BundlingOptions, DockerImage, ILocalBundling, aws_lambda, aws_s3_assets
from constructs import Construct

ROOT: Final = Path(__file__).resolve().parents[1]
PYTHON: Final = f"{sys.version_info.major}.{sys.version_info.minor}"
Architecture = Literal["x86_64", "arm64"]

_MACHINES: Final = {"x86_64": "x86_64", "arm64": "aarch64"}
_C_LIBRARY: Final = "manylinux_2_28"
"""Oldest C library the locked wheels accept; Lambda has 2.34 from Python 3.12 on, 2.26 before."""
_ANALYSIS_ONLY: Final = ("duckdb", "jinja2", "msgspec", "numpy")
_AWS_SERVICES: Final = (
    *("cloudwatch", "codebuild", "dynamodb", "ecr", "events", "lambda", "s3", "sagemaker", "sagemaker-runtime"),
    *("sns", "sqs", "ssm", "stepfunctions", "sts", "xray"),
)
"""Services whose API models stay in the zip; the other four hundred make up most of botocore's size."""
_WASTE: Final = (
    ".lock",
    "bin",
    "*-stubs",
    "*.dist-info/RECORD",
    "*.dist-info/INSTALLER",
    "*.dist-info/REQUESTED",
    "**/tests",
    "**/__pycache__",
)


@dataclass(frozen=True, slots=True)
class Bundle:
    """Contents of one zip.

    Attributes
    ----------
    functions : tuple of str
        Folders of `functions/` beside `common`.
    without : tuple of str
        Locked packages that its functions never import.
    """

    name: str
    functions: tuple[str, ...]
    without: tuple[str, ...] = ()


LIGHT: Final = Bundle(
    "light",
    (
        *("plan", "publish", "notify", "retrain", "promote", "champion", "card"),
        *("empty_bucket", "forward", "image_build", "ledger", "model_monitor", "windows"),
    ),
    without=_ANALYSIS_ONLY,
)
ANALYSIS: Final = Bundle("analysis", ("evaluate", "baseline", "managed_result", "experiment", "review"))


ANALYZER: Final = "functions/analyzer/Dockerfile"
SPARK: Final = "functions/spark_job/Dockerfile"
_CONTEXT_FOLDERS: Final = ("functions", "monitoring_core")
_CONTEXT_FILES: Final = ("pyproject.toml", "uv.lock")


def runtime() -> aws_lambda.Runtime:
    """Return the Lambda runtime of the Python that synthesises."""
    return aws_lambda.Runtime(f"python{PYTHON}", aws_lambda.RuntimeFamily.PYTHON)


def code(bundle: Bundle, architecture: Architecture) -> aws_lambda.Code:
    """Return the zip of a bundle as Lambda code; it is built when CloudFormation's assets are staged."""
    return aws_lambda.Code.from_asset(
        str(ROOT / "functions"),
        asset_hash_type=AssetHashType.CUSTOM,
        asset_hash=_asset_hash(bundle, architecture),
        bundling=BundlingOptions(
            image=DockerImage.from_registry("not-used"), local=_LocalBundling(bundle, architecture)
        ),
    )


@cache
def _asset_hash(bundle: Bundle, architecture: Architecture) -> str:
    """Return the fingerprint, taken once for all functions of an app: a hundred endpoints have seven hundred."""
    return fingerprint(bundle, architecture)


def image_source(scope: Construct, construct_id: str) -> aws_s3_assets.Asset:
    """Return the folder that images are built of as an asset; it is put together when the assets are staged."""
    return aws_s3_assets.Asset(
        scope,
        construct_id,
        path=str(ROOT / "functions"),
        asset_hash_type=AssetHashType.CUSTOM,
        asset_hash=image_fingerprint(),
        bundling=BundlingOptions(image=DockerImage.from_registry("not-used"), local=_LocalContext()),
    )


def fingerprint(bundle: Bundle, architecture: Architecture) -> str:
    """Return a hash of everything that decides the zip's contents."""
    what = repr((bundle, architecture, PYTHON, _C_LIBRARY, _AWS_SERVICES, _WASTE))
    return _fingerprint(what, [ROOT / "uv.lock", *_sources(bundle)])


def image_fingerprint() -> str:
    """Return a hash of everything that images are built of."""
    return _fingerprint("image", _context())


def _fingerprint(what: str, files: Iterable[Path]) -> str:
    digest = hashlib.sha256(what.encode())
    for path in files:
        digest.update(path.relative_to(ROOT).as_posix().encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def build(bundle: Bundle, architecture: Architecture, target: Path) -> None:
    """Write a bundle's contents into a folder.

    Raises
    ------
    RuntimeError
        If uv fails, e.g. because the lock has no wheel for the platform; holds uv's own words.
    """
    requirements = _uv("export", "--frozen", "--no-dev", "--no-emit-project", "--extra", "functions", *_prunes(bundle))
    platform = f"{_MACHINES[architecture]}-{_C_LIBRARY}"
    _uv(
        *("pip", "install", "--quiet", "--target", str(target), "--python-platform", platform),
        *("--python-version", PYTHON, "--only-binary", ":all:", "--no-deps", "--require-hashes", "-r", "-"),
        stdin=requirements,
    )
    _slim(target)
    _copy(_sources(bundle), target)


def build_context(target: Path) -> None:
    """Write what images are built of into a folder: our own packages, the lock, and the Dockerfiles among them."""
    _copy(_context(), target)


@jsii.implements(ILocalBundling)
class _LocalBundling:
    """Builds on this machine; a failure is an error, never a fall-back to Docker."""

    def __init__(self, bundle: Bundle, architecture: Architecture) -> None:
        self._bundle, self._architecture = bundle, architecture

    def try_bundle(self, output_dir: str, *_options: Any, **_named: Any) -> bool:
        build(self._bundle, self._architecture, Path(output_dir))
        return True


@jsii.implements(ILocalBundling)
class _LocalContext:
    """Puts the build context of the images together on this machine."""

    def try_bundle(self, output_dir: str, *_options: Any, **_named: Any) -> bool:
        build_context(Path(output_dir))
        return True


def _sources(bundle: Bundle) -> list[Path]:
    folders = [ROOT / "monitoring_core", *(ROOT / "functions" / name for name in ("common", *bundle.functions))]
    return sorted([ROOT / "functions" / "__init__.py", *_files(folders)])


def _context() -> list[Path]:
    return sorted([*_files(ROOT / name for name in _CONTEXT_FOLDERS), *(ROOT / name for name in _CONTEXT_FILES)])


def _files(folders: Iterable[Path]) -> list[Path]:
    found = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return [path for path in found if "__pycache__" not in path.parts]


def _copy(sources: Iterable[Path], target: Path) -> None:
    for source in sources:
        copy = target / source.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copy)


def _prunes(bundle: Bundle) -> list[str]:
    return [argument for package in bundle.without for argument in ("--prune", package)]


def _uv(*arguments: str, stdin: str | None = None) -> str:
    found = shutil.which("uv")
    command = [found] if found else [sys.executable, "-m", "uv"]
    command += ["--color", "never", *arguments]
    result = subprocess.run(command, cwd=ROOT, input=stdin, capture_output=True, text=True, check=False)  # noqa: S603 - fixed arguments
    if result.returncode:
        raise RuntimeError(f"cannot build a Lambda bundle: `uv {' '.join(arguments)}` failed: {result.stderr.strip()}")
    return result.stdout


def _slim(target: Path) -> None:
    for path in [path for pattern in _WASTE for path in target.glob(pattern)]:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    for service in (target / "botocore" / "data").iterdir():
        if service.is_dir() and service.name not in _AWS_SERVICES:
            shutil.rmtree(service)
