"""The real zips: complete, small, of the right platform, and built once."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from infra import bundling
from infra.bundling import ANALYSIS, LIGHT, PYTHON, Architecture, Bundle, build, fingerprint

ELF_MACHINES = {"x86_64": 62, "arm64": 183}
LAMBDA_C_LIBRARY = {"3.11": (2, 26), "3.12": (2, 34), "3.13": (2, 34)}
"""Amazon Linux 2 under Python 3.11, Amazon Linux 2023 since."""
pytestmark = [pytest.mark.network, pytest.mark.slow, pytest.mark.xdist_group("bundles")]


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Path]:
    built = {}
    for bundle in (LIGHT, ANALYSIS):
        for architecture in ELF_MACHINES:
            built[bundle.name, architecture] = tmp_path_factory.mktemp(f"{bundle.name}-{architecture}")
            build(bundle, architecture, built[bundle.name, architecture])  # type: ignore[arg-type] # keys of a dict
    return built


@pytest.mark.parametrize("architecture", ELF_MACHINES)
@pytest.mark.parametrize("bundle", [LIGHT, ANALYSIS], ids=["light", "analysis"])
def test_every_binary_is_of_the_platform(
    bundles: dict[tuple[str, str], Path], bundle: Bundle, architecture: str
) -> None:
    binaries = list(bundles[bundle.name, architecture].rglob("*.so*"))
    machines = {int.from_bytes(path.read_bytes()[18:20], "little") for path in binaries}
    assert machines == {ELF_MACHINES[architecture]}
    pythons = {match[1] for path in binaries if (match := re.search(r"\.cpython-(\d+)-", path.name))}
    assert pythons == {PYTHON.replace(".", "")}


def test_every_binary_loads_with_the_c_library_of_lambda(bundles: dict[tuple[str, str], Path]) -> None:
    wanted: set[tuple[int, int]] = set()
    for folder in bundles.values():
        for path in folder.rglob("*.so*"):
            found = re.findall(rb"GLIBC_(\d+)\.(\d+)", path.read_bytes())
            wanted |= {(int(major), int(minor)) for major, minor in found}
    assert max(wanted) <= LAMBDA_C_LIBRARY[PYTHON]


@pytest.mark.parametrize(("bundle", "most_mib"), [(LIGHT, 25), (ANALYSIS, 170)], ids=["light", "analysis"])
def test_unzipped_size_stays_far_below_the_limit_of_250_mib(
    bundles: dict[tuple[str, str], Path], bundle: Bundle, most_mib: int
) -> None:
    sizes = [p.stat().st_size for p in bundles[bundle.name, "x86_64"].rglob("*") if p.is_file()]
    assert sum(sizes) / 2**20 < most_mib


def test_the_analysis_zip_stays_below_60_mb(bundles: dict[tuple[str, str], Path], tmp_path: Path) -> None:
    archive = shutil.make_archive(str(tmp_path / "analysis"), "zip", bundles["analysis", "x86_64"])
    assert Path(archive).stat().st_size < 60e6


def test_the_light_zip_has_no_analysis_packages(bundles: dict[tuple[str, str], Path]) -> None:
    names = {path.name for path in bundles["light", "x86_64"].iterdir()}
    assert names.isdisjoint({"numpy", "duckdb", "msgspec", "jinja2"})
    assert {"functions", "monitoring_core", "boto3", "pydantic"} <= names


@pytest.mark.skipif(platform.machine() != "x86_64", reason="runs the x86_64 zip")
@pytest.mark.parametrize(
    ("bundle", "name"),
    [(bundle, name) for bundle in (LIGHT, ANALYSIS) for name in bundle.functions],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_a_handler_imports_from_the_zip_alone(bundles: dict[tuple[str, str], Path], bundle: Bundle, name: str) -> None:
    folder = bundles[bundle.name, "x86_64"]
    code = f"import sys; sys.path[:0] = [{str(folder)!r}]; from functions.{name}.handler import handler"
    result = subprocess.run(  # noqa: S603 - fixed arguments
        [sys.executable, "-I", "-S", "-B", "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={"AWS_DEFAULT_REGION": "us-east-1", "POWERTOOLS_SERVICE_NAME": name},
    )
    assert result.returncode == 0, result.stderr


def test_the_services_that_the_functions_call_are_in_the_zip() -> None:
    used = {
        match
        for path in (bundling.ROOT / "functions").rglob("*.py")
        for match in re.findall(r"client\(\"([a-z0-9-]+)\"\)", path.read_text())
    }
    assert used
    assert used <= set(bundling._AWS_SERVICES)


def test_a_hash_changes_with_the_platform_and_the_bundle() -> None:
    architectures: tuple[Architecture, ...] = ("x86_64", "arm64")
    hashes = {fingerprint(bundle, architecture) for bundle in (LIGHT, ANALYSIS) for architecture in architectures}
    assert len(hashes) == 4


def test_a_hash_changes_with_a_source_and_with_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("functions", "monitoring_core"):
        shutil.copytree(bundling.ROOT / name, tmp_path / name)
    shutil.copy(bundling.ROOT / "uv.lock", tmp_path)
    monkeypatch.setattr(bundling, "ROOT", tmp_path)
    before = fingerprint(LIGHT, "x86_64")
    assert fingerprint(LIGHT, "x86_64") == before
    (tmp_path / "functions/retrain/handler.py").write_text("changed = True\n")
    after_source = fingerprint(LIGHT, "x86_64")
    (tmp_path / "uv.lock").write_text("changed")
    assert len({before, after_source, fingerprint(LIGHT, "x86_64")}) == 3


def test_a_source_of_another_function_does_not_change_the_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("functions", "monitoring_core"):
        shutil.copytree(bundling.ROOT / name, tmp_path / name)
    shutil.copy(bundling.ROOT / "uv.lock", tmp_path)
    monkeypatch.setattr(bundling, "ROOT", tmp_path)
    before = fingerprint(LIGHT, "x86_64")
    (tmp_path / "functions/evaluate/handler.py").write_text("changed = True\n")
    assert fingerprint(LIGHT, "x86_64") == before


def test_uv_comes_with_the_packages_where_the_path_has_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert shutil.which("uv") is None
    assert bundling._uv("--version").startswith("uv ")


def test_a_failed_build_gives_uvs_own_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundling, "ROOT", tmp_path)
    with pytest.raises(RuntimeError, match=r"cannot build a Lambda bundle: `uv export .*` failed: .*pyproject\.toml"):
        build(LIGHT, "x86_64", tmp_path)
