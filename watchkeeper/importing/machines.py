"""Section `runtime.managed`: the machines and network that schedules keep where they stay with Model Monitor."""

from __future__ import annotations

from typing import Any, Final

from watchkeeper.importing.definition import Definition

_FIELDS: Final = {
    ("JobResources", "ClusterConfig", "InstanceType"): ("instance_type",),
    ("JobResources", "ClusterConfig", "InstanceCount"): ("instance_count",),
    ("JobResources", "ClusterConfig", "VolumeSizeInGB"): ("volume_gib",),
    ("StoppingCondition", "MaxRuntimeInSeconds"): ("timeout_seconds",),
    ("NetworkConfig", "EnableNetworkIsolation"): ("network", "isolation"),
    ("NetworkConfig", "EnableInterContainerTrafficEncryption"): ("network", "encrypt_inter_container_traffic"),
    ("NetworkConfig", "VpcConfig", "Subnets"): ("network", "subnets"),
    ("NetworkConfig", "VpcConfig", "SecurityGroupIds"): ("network", "security_groups"),
}
_SCRIPTS: Final = {
    "RecordPreprocessorSourceUri": "record_preprocessor",
    "PostAnalyticsProcessorSourceUri": "post_analytics_processor",
}


def add_machines(runtime: dict[str, Any], definition: Definition) -> None:
    """Take what the definition says of its jobs; where an earlier one says otherwise, that stays."""
    for path, place in _FIELDS.items():
        _add(runtime, definition, path, place)
    for name, ours in _SCRIPTS.items():
        _add(runtime, definition, (f"{definition.type}AppSpecification", name), (ours,))


def _add(runtime: dict[str, Any], definition: Definition, path: tuple[str, ...], place: tuple[str, ...]) -> None:
    value: Any = definition.document.data
    for key in path:
        value = value.get(key, {})
    if value == {}:
        return
    *sections, name = place
    for one in sections:
        runtime = runtime.setdefault(one, {})
    if runtime.setdefault(name, value) == value:
        definition.document.take(*path)
