"""Names for resources that cannot be changed, only replaced."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

import jsii
from aws_cdk import CfnResource, IStableStringProducer, Stack, TagManager

_HASH_LENGTH: Final = 8
_NAME_LIMIT: Final = 63


@jsii.implements(IStableStringProducer)
class ContentName:
    """``<name>-<hash>``: another name as soon as anything that the resource holds is another.

    CloudFormation creates the successor before it deletes the predecessor, so under one name a replacement
    fails. The name is made when the template is written: until then tags may be added to resource and stack.

    Parameters
    ----------
    resource : CfnResource
        The resource that is named.
    tags : TagManager
        Its tags.
    content : Any
        Everything else that a replacement may depend on.
    """

    def __init__(self, name: str, resource: CfnResource, tags: TagManager, content: Any) -> None:
        self._name, self._resource, self._tags, self._content = name, resource, tags, content

    def produce(self) -> str:
        """Return the name."""
        stack = Stack.of(self._resource)
        held = [self._content, self._tags.render_tags(), stack.tags.render_tags()]
        text = json.dumps(stack.resolve(held), sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()[:_HASH_LENGTH]
        return f"{self._name[: _NAME_LIMIT - 1 - _HASH_LENGTH].rstrip('-')}-{digest}"
