"""CodeBuild: builds that succeed; nothing is built, and what their commands push appears in ECR.

A build takes no time: it is over when it has been started, and the answer says so. On AWS the answer says that it is in
progress, and who waits for it looks again later.

Why each of moto 5.2.5's operations is replaced
-----------------------------------------------
- ``CreateProject`` loses the key, and refuses a project without a source.
- ``StartBuild`` ignores overrides and tokens, and describes a source, an environment and times of its own.
- ``BatchGetBuilds`` ends a build again each time it is asked. No change of state sends an event.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from string import Template
from typing import Any

from botocore import xform_name
from moto.codebuild.exceptions import ResourceAlreadyExistsException, ResourceNotFoundException
from moto.codebuild.responses import CodeBuildResponse
from moto.core.responses import ActionResult, EmptyResult

from localaws.replacing import replace
from localaws.services import Services

Document = dict[str, Any]

_PUSH = re.compile(r"\bdocker push\s+(?:--\S+\s+)*[\"']?([^\s\"',\\]+)")
_IMAGE = re.compile(r"[^/]+\.dkr\.ecr\.[^/]+/(?P<repository>[^:@]+):(?P<tag>\S+)")
_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_OVERRIDE = "Override"
_PHASES = ("SUBMITTED", "QUEUED", "PROVISIONING", "DOWNLOAD_SOURCE", "BUILD", "FINALIZING", "COMPLETED")


class CodeBuild:
    """The projects and builds of an account."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._projects: dict[str, Document] = {}
        self._builds: dict[str, Document] = {}
        self._by_token: dict[tuple[str, str], str] = {}

    def operations(self) -> Mapping[str, Any]:
        """Return the operations by Amazon's name."""
        return {
            "BatchGetBuilds": self.batch_get_builds,
            "BatchGetProjects": self.batch_get_projects,
            "CreateProject": self.create_project,
            "DeleteProject": self.delete_project,
            "ListBuildsForProject": self.list_builds,
            "ListProjects": lambda _: {"projects": sorted(self._projects)},
            "StartBuild": self.start_build,
        }

    def create_project(self, request: Document) -> Document:
        """Keep a project."""
        name, now = request["name"], self._services.now()
        if name in self._projects:
            raise ResourceAlreadyExistsException(f"Project already exists: {self._arn('project', name)}")
        project = {
            "timeoutInMinutes": 60,
            "queuedTimeoutInMinutes": 480,
            "cache": {"type": "NO_CACHE"},
            **request,
            "arn": self._arn("project", name),
            "created": now,
            "lastModified": now,
        }
        self._projects[name] = project
        return {"project": project}

    def batch_get_projects(self, request: Document) -> Document:
        """Describe projects, by name or ARN."""
        named = [name.rsplit("/", 1)[-1] for name in request["names"]]
        return {
            "projects": [self._projects[name] for name in named if name in self._projects],
            "projectsNotFound": [name for name in named if name not in self._projects],
        }

    def delete_project(self, request: Document) -> Document:
        """Forget a project, if there is one."""
        self._projects.pop(request["name"].rsplit("/", 1)[-1], None)
        return {}

    def list_builds(self, request: Document) -> Document:
        """List the builds of a project, the newest first."""
        name = self._project(request)["name"]
        return {"ids": [one["id"] for one in reversed(self._builds.values()) if one["projectName"] == name]}

    def batch_get_builds(self, request: Document) -> Document:
        """Describe builds."""
        named = [name.rsplit("/", 1)[-1] for name in request["ids"]]
        return {
            "builds": [self._builds[name] for name in named if name in self._builds],
            "buildsNotFound": [name for name in named if name not in self._builds],
        }

    def start_build(self, request: Document) -> Document:
        """Build; the same token means the same build."""
        project = self._project(request)
        token = project["name"], request.get("idempotencyToken", "")
        if token[1] and token in self._by_token:
            return {"build": self._builds[self._by_token[token]]}
        running = self._described(project, request)
        self._by_token[token] = running["id"]
        self._announce(running)
        for uri in pushed(running):
            self._push(uri, running["serviceRole"])
        ended = self._builds[running["id"]] = self._ended(running)
        self._announce(ended)
        return {"build": ended}

    def _project(self, request: Document) -> Document:
        name = request["projectName"].rsplit("/", 1)[-1]
        if name not in self._projects:
            raise ResourceNotFoundException(f"Project cannot be found: {self._arn('project', name)}")
        return self._projects[name]

    def _described(self, project: Document, request: Document) -> Document:
        name, now = project["name"], self._services.now()
        build_id = f"{name}:{self._services.bus.new_id()}"
        environment = project["environment"]
        variables = {one["name"]: one for one in environment.get("environmentVariables", [])}
        variables |= {one["name"]: one for one in request.get(f"environmentVariables{_OVERRIDE}", [])}
        source = project["source"] | (
            {"buildspec": request["buildspecOverride"]} if "buildspecOverride" in request else {}
        )
        return {
            "id": build_id,
            "arn": self._arn("build", build_id),
            "buildNumber": sum(one["projectName"] == name for one in self._builds.values()) + 1,
            "startTime": now,
            "currentPhase": "QUEUED",
            "buildStatus": "IN_PROGRESS",
            "sourceVersion": request.get("sourceVersion", project.get("sourceVersion", "")),
            "projectName": name,
            "phases": [{"phaseType": "SUBMITTED", "phaseStatus": "SUCCEEDED", "startTime": now, "endTime": now}],
            "source": source,
            "artifacts": {"location": ""},
            "cache": project["cache"],
            "environment": environment | {"environmentVariables": list(variables.values())},
            "serviceRole": project["serviceRole"],
            "timeoutInMinutes": request.get("timeoutInMinutesOverride", project["timeoutInMinutes"]),
            "queuedTimeoutInMinutes": project["queuedTimeoutInMinutes"],
            "buildComplete": False,
            "initiator": "local",
        }

    def _ended(self, build: Document) -> Document:
        now = self._services.now()
        phases = [
            {"phaseType": phase, "phaseStatus": "SUCCEEDED", "startTime": now, "endTime": now, "durationInSeconds": 0}
            for phase in _PHASES
        ]
        ended = {"currentPhase": "COMPLETED", "buildStatus": "SUCCEEDED", "buildComplete": True, "endTime": now}
        return build | ended | {"phases": phases}

    def _push(self, uri: str, role: str) -> None:
        if image := _IMAGE.fullmatch(uri):
            layer = {"digest": f"sha256:{hashlib.sha256(uri.encode()).hexdigest()}", "size": 1}
            manifest = {"schemaVersion": 2, "mediaType": _MANIFEST, "config": layer, "layers": [layer]}
            self._services.client("ecr", role).put_image(
                repositoryName=image["repository"], imageTag=image["tag"], imageManifest=json.dumps(manifest)
            )

    def _announce(self, build: Document) -> None:
        information = {
            "artifact": {"location": ""},
            "environment": build["environment"],
            "timeout-in-minutes": build["timeoutInMinutes"],
            "build-complete": build["buildComplete"],
            "initiator": build["initiator"],
            "build-start-time": _written(build["startTime"]),
            "source": build["source"],
            "phases": [_phase(phase) for phase in build["phases"]],
        }
        self._services.bus.put(
            source="aws.codebuild",
            detail_type="CodeBuild Build State Change",
            detail={
                "build-status": build["buildStatus"],
                "project-name": build["projectName"],
                "build-id": build["arn"],
                "additional-information": information,
                "current-phase": build["currentPhase"],
                "current-phase-context": "[]",
                "version": "1",
            },
            resources=[build["arn"]],
        )

    def _arn(self, kind: str, name: str) -> str:
        return f"arn:aws:codebuild:{self._services.region}:{self._services.account_id}:{kind}/{name}"


def install(services: Services) -> None:
    """Give the account a working CodeBuild."""
    for name, operation in CodeBuild(services).operations().items():
        replace(CodeBuildResponse, xform_name(name), _method(operation))


def pushed(build: Document) -> Iterator[str]:
    """Return the images that the commands of a build specification push, with its variables filled in.

    Examples
    --------
    >>> spec = '{"phases": {"build": {"commands": ["docker push $REPOSITORY:${TAG}"]}}}'
    >>> given = [{"name": "REPOSITORY", "value": "1.dkr.ecr.eu-west-1.amazonaws.com/r"}, {"name": "TAG", "value": "a"}]
    >>> list(pushed({"source": {"buildspec": spec}, "environment": {"environmentVariables": given}}))
    ['1.dkr.ecr.eu-west-1.amazonaws.com/r:a']
    """
    variables = {one["name"]: one["value"] for one in build["environment"].get("environmentVariables", [])}
    for word in _PUSH.findall(build["source"].get("buildspec", "").replace('\\"', '"')):
        yield Template(word).safe_substitute(variables)


def _method(operation: Any) -> Any:
    def answer(response: Any) -> ActionResult:
        result = operation(json.loads(response.body))
        return ActionResult(result) if result else EmptyResult()

    return answer


def _phase(phase: Document) -> Document:
    names = {"phaseType": "phase-type", "phaseStatus": "phase-status", "durationInSeconds": "duration-in-seconds"}
    times = {"startTime": "start-time", "endTime": "end-time"}
    written = {told: phase[name] for name, told in names.items() if name in phase}
    return written | {told: _written(phase[name]) for name, told in times.items() if name in phase}


def _written(moment: datetime) -> str:
    """Return a time as CodeBuild's events write it: ``Jan 1, 2013 4:12:29 PM``."""
    return f"{moment:%b} {moment.day}, {moment.year} {moment:%I:%M:%S %p}".replace(" 0", " ")
