"""What an endpoint serves, down to the digests, and how it differs from what was recorded; pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from monitoring_core.spec import Frozen

Weights = Mapping[str, float]
_TOLERANCE = 1e-4
"""SageMaker keeps weights in single precision."""


class ServedContainer(Frozen):
    """One container of a model.

    Attributes
    ----------
    image_digest : str
        The image by its digest, as SageMaker has resolved it or the registry knows it; empty where neither tells.
    artifact_digest : str
        SHA-256 of ``model.tar.gz`` where S3 has it, else its ETag; empty where it cannot be read.
    """

    image: str
    image_digest: str = ""
    artifact: str = ""
    artifact_digest: str = ""


class ServedVariant(Frozen):
    """One production variant."""

    name: str
    model: str
    package: str = ""
    approval: str = ""
    weight: float
    instance_type: str = ""
    containers: tuple[ServedContainer, ...] = ()


class ServedCapture(Frozen):
    """Data capture in force."""

    enabled: bool
    percentage: int = 0
    destination: str = ""
    kms_key: str = ""


class ServedIdentity(Frozen):
    """An endpoint: its configuration, models, packages, artifacts and images."""

    endpoint: str
    config_name: str
    kms_key: str = ""
    capture: ServedCapture
    variants: tuple[ServedVariant, ...]


def expected(recorded: ServedIdentity, live: ServedIdentity, splits: Sequence[Weights]) -> ServedIdentity:
    """Return what was recorded, with the weights that an experiment has decided on since: one of `splits`.

    Where the endpoint has none of them, the last is expected.

    Examples
    --------
    >>> variants = tuple(ServedVariant(name=name, model="m", weight=1.0) for name in "AB")
    >>> one = ServedIdentity(endpoint="e", config_name="a", capture=ServedCapture(enabled=False), variants=variants)
    >>> [variant.weight for variant in expected(one, one, [{"A": 0.5, "B": 1.5}]).variants]
    [0.5, 1.5]
    """
    now = {variant.name: variant.weight for variant in live.variants}
    for split in splits:
        if all(math.isclose(now.get(name, math.nan), weight, abs_tol=_TOLERANCE) for name, weight in split.items()):
            return _weighted(recorded, {name: now[name] for name in split})
    return _weighted(recorded, splits[-1]) if splits else recorded


def _weighted(identity: ServedIdentity, weights: Weights) -> ServedIdentity:
    variants = tuple(
        variant.model_copy(update={"weight": weights.get(variant.name, variant.weight)})
        for variant in identity.variants
    )
    return identity.model_copy(update={"variants": variants})


def differences(recorded: ServedIdentity, live: ServedIdentity) -> list[str]:
    """Return in words what is served otherwise than was recorded; empty where all is the same.

    Instance counts are no part of it: autoscaling changes them.

    Examples
    --------
    >>> capture = ServedCapture(enabled=True, percentage=100)
    >>> one = ServedIdentity(endpoint="e", config_name="a", capture=capture, variants=())
    >>> differences(one, one.model_copy(update={"config_name": "b"}))
    ['endpoint configuration: a -> b']
    """
    return list(_differences(recorded, live))


def _differences(recorded: ServedIdentity, live: ServedIdentity) -> Iterator[str]:
    yield from _changed("endpoint configuration", recorded.config_name, live.config_name)
    yield from _changed("KMS key of the volumes", recorded.kms_key, live.kms_key)
    yield from _fields("data capture", recorded.capture, live.capture)
    before = {variant.name: variant for variant in recorded.variants}
    now = {variant.name: variant for variant in live.variants}
    for name in sorted(before.keys() - now.keys()):
        yield f"variant {name}: gone"
    for name in sorted(now.keys() - before.keys()):
        yield f"variant {name}: new, serves {now[name].model}"
    for name in sorted(before.keys() & now.keys()):
        yield from _fields(f"variant {name}", before[name], now[name])
        yield from _containers(f"variant {name}", before[name].containers, now[name].containers)


def _containers(what: str, recorded: tuple[ServedContainer, ...], live: tuple[ServedContainer, ...]) -> Iterator[str]:
    if len(recorded) != len(live):
        yield f"{what}: {len(recorded)} containers -> {len(live)}"
        return
    for number, (before, now) in enumerate(zip(recorded, live, strict=True), start=1):
        yield from _fields(f"{what}, container {number}", before, now)


def _fields(what: str, recorded: Frozen, live: Frozen) -> Iterator[str]:
    before, now = _flat(recorded), _flat(live)
    for field in before:
        yield from _changed(f"{what}, {field.replace('_', ' ')}", before[field], now[field])


def _flat(value: Frozen) -> Mapping[str, object]:
    return {key: inner for key, inner in value.model_dump().items() if not isinstance(inner, tuple | list)}


def _changed(what: str, before: object, now: object) -> Iterator[str]:
    if before != now:
        yield f"{what}: {before if before != '' else 'none'} -> {now if now != '' else 'none'}"
