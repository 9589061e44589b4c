"""In which order resources depend on each other: by ``DependsOn``, and by what they refer to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from graphlib import TopologicalSorter
from typing import Any

_IN_TEXT = re.compile(r"\$\{([A-Za-z0-9]+)[.}]")


def dependents_first(definitions: Mapping[str, Any]) -> list[str]:
    """Return logical ids so that each comes before what it depends on: the order in which a stack is deleted.

    Examples
    --------
    >>> bucket = {"Type": "AWS::S3::Bucket", "DependsOn": "Key"}
    >>> policy = {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": {"Ref": "Bucket"}}}
    >>> dependents_first({"Bucket": bucket, "Policy": policy, "Key": {"Type": "AWS::KMS::Key"}})
    ['Policy', 'Bucket', 'Key']
    """
    graph = {name: [one for one in _depends_on(it) if one in definitions] for name, it in definitions.items()}
    return list(TopologicalSorter(graph).static_order())[::-1]


def with_followers(modified: Iterable[str], definitions: Mapping[str, Any], moving: Callable[[str], bool]) -> list[str]:
    """Return what an update modifies, dependencies first: also whatever refers to a modified resource that moves.

    Parameters
    ----------
    moving : callable
        Tells of a type whether references to its resources mean something else after an update.

    Examples
    --------
    >>> config = {"Type": "Config", "Properties": {"Size": 1}}
    >>> endpoint = {"Type": "Endpoint", "Properties": {"Config": {"Fn::GetAtt": ["Config", "Name"]}}}
    >>> with_followers(["Config"], {"Endpoint": endpoint, "Config": config}, lambda kind: kind == "Config")
    ['Config', 'Endpoint']
    """
    found = set(modified)
    order = dependents_first(definitions)[::-1]
    for name in order:
        refers_to = set(_references(definitions[name].get("Properties", {})))
        if any(moving(definitions[one]["Type"]) for one in refers_to & found):
            found.add(name)
    return [name for name in order if name in found]


def _depends_on(definition: Mapping[str, Any]) -> Iterator[str]:
    given = definition.get("DependsOn", [])
    yield from [given] if isinstance(given, str) else given
    yield from _references(definition.get("Properties", {}))


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from _references(one)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            match key, inner:
                case "Ref", str(name):
                    yield name
                case "Fn::GetAtt", [str(name), *_]:
                    yield name
                case "Fn::GetAtt", str(path):
                    yield path.partition(".")[0]
                case "Fn::Sub", str(text) | [str(text), *_]:
                    yield from _IN_TEXT.findall(text)
            yield from _references(inner)
