"""The real CDK command line, pointed at a local account."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from aws_cdk import App

from infra.app import build
from localaws.account import LocalAccount

ROOT = Path(__file__).resolve().parents[3]
CDK = ROOT / "node_modules" / ".bin" / "cdk"


def cdk(account: LocalAccount, *arguments: str) -> None:
    """Run one command; what it wrote is in the failure."""
    environment = account.environment()
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # where it is set, every synthesis compiles aws_cdk anew
    places = [Path(sys.executable).parent, CDK.parent, ROOT / ".tools" / "bin"]
    environment["PATH"] = os.pathsep.join([*map(str, places), environment.get("PATH", "")])
    environment["CDK_DISABLE_CLI_TELEMETRY"] = "true"
    done = subprocess.run(  # noqa: S603 - the pinned CLI
        [CDK, *arguments, "--no-notices", "--no-color"],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, (
        f"`cdk {' '.join(arguments)}` failed:\n{done.stdout[-8000:]}\n{account.errors()[-8000:]}"
    )


def deploy_file(account: LocalAccount, file: Path, endpoint: str) -> dict[str, str]:
    """Synthesise one configuration file beside it and deploy it; return the outputs of the endpoint's stack."""
    context = {**json.loads((ROOT / "cdk.json").read_text())["context"], "aws:cdk:enable-path-metadata": False}
    assembly = file.parent / "cdk.out"
    app = App(context=context, outdir=str(assembly))
    build(app, [file])
    app.synth()
    cdk(account, "bootstrap", f"aws://{account.account_id}/{account.region}", "--app", str(assembly))
    cdk(account, "deploy", "--all", "--require-approval=never", "--method=direct", "--app", str(assembly))
    (stack,) = account.client("cloudformation").describe_stacks(StackName=f"Watchkeeper-{endpoint}")["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
