"""What moto's CloudFormation engine must do otherwise: fail loudly, clean up, delete in order.

Why each of moto 5.2.5's functions is replaced
----------------------------------------------
- ``resource_class_from_type`` skips a type it does not know with a warning, and the stack says CREATE_COMPLETE.
- ``resource_name_property_from_type`` looks only at moto's own classes.
- ``parse_and_create_resource`` lets properties that a model never looks at vanish, and reports an exception of a model
  as an internal error without the resource's name.
- ``ResourceMap``'s order of creation knows ``DependsOn`` alone: what a resource refers to is made on the way, before
  that resource's own dependencies. A function would be there, and invoked, before its role has its policy.
- ``CloudFormationBackend.create_stack`` leaves half a stack behind when a resource fails. (An update that fails stays
  half done here too.)
- ``CloudFormationBackend.delete_stack`` forgets the stack before it deletes it: the CLI that watches sees an error,
  and a stack that cannot be deleted is lost.
- ``ResourceMap.build_resource_diff`` compares the text of two templates, so what refers to a resource that has another
  name after the update stays as it was.
- ``ResourceMap.delete`` deletes in the order of a set; what a resource depends on must be deleted after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.cloudformation import parsing
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import CloudFormationBackend
from moto.cloudformation.parsing import ResourceMap
from moto.core.exceptions import ServiceException

from localaws.cloudformation.custom import CustomResource
from localaws.cloudformation.order import dependents_first, with_followers
from localaws.cloudformation.properties import ReadTracker, refuse_unread
from localaws.cloudformation.resource import ApiResource
from localaws.replacing import replace

ResourceTypes = Mapping[str, type[ApiResource]]


def install(types: ResourceTypes) -> None:
    """Teach moto the resource types in `types`; they win over moto's own."""
    _types(types)
    _creation()
    _update(types)
    _deletion()


def _types(types: ResourceTypes) -> None:
    moto_types = {model.cloudformation_type(): model for model in parsing.get_model_list()}

    def resource_class_from_type(resource_type: str) -> Any:
        if resource_type.startswith("Custom::"):
            return CustomResource
        if resource_type in parsing.NULL_MODELS:
            return None
        found = types.get(resource_type) or moto_types.get(resource_type)
        if found is None:
            raise ValidationError(
                message=f"Template error: the local account has no resource type {resource_type}; "
                "add it to localaws/cloudformation"
            )
        return found

    def resource_name_property_from_type(resource_type: str) -> str | None:
        name: str | None = resource_class_from_type(resource_type).cloudformation_name_type()
        return name

    replace(parsing, "resource_class_from_type", resource_class_from_type)
    replace(parsing, "resource_name_property_from_type", resource_name_property_from_type)


def _creation() -> None:
    def parse_and_create_resource(
        logical_id: str, resource_json: dict[str, Any], resources_map: Any, account_id: str, region_name: str
    ) -> Any:
        if (condition := resource_json.get("Condition")) and not resources_map.lazy_condition_map[condition]:
            return None
        parsed = parsing.parse_resource_and_generate_name(logical_id, resource_json, resources_map)
        if parsed is None:  # a wait condition, which has nothing to make
            return None
        resource_class, cleaned, name = parsed
        resource_type = resource_json["Type"]
        cleaned["Properties"] = properties = ReadTracker(cleaned.get("Properties", {}))
        try:
            resource = resource_class.create_from_cloudformation_json(
                name,
                cleaned,
                account_id,
                region_name,
                LogicalId=logical_id,
                StackId=resources_map.stack_id,
                ResourceType=resource_type,
            )
        except Exception as error:  # whatever it was, with the resource's name
            raise _failed(logical_id, resource_type, error) from error
        resource.cf_resource_type = resource_type
        resource.logical_resource_id = logical_id
        refuse_unread(logical_id, resource_type, resource_class.cloudformation_name_type(), properties)
        return resource

    def create_stack(self: Any, name: str, template: str, parameters: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        before = set(self.stacks)
        try:
            return original_create_stack(self, name, template, parameters, *args, **kwargs)
        except Exception:  # a stack that was not made leaves nothing
            for stack_id in set(self.stacks) - before:
                self.stacks.pop(stack_id).resource_map.delete()
            raise

    def dependencies_first(self: Any) -> list[str]:
        return dependents_first(self._resource_json_map)[::-1]

    replace(parsing, "parse_and_create_resource", parse_and_create_resource)
    replace(ResourceMap, "_ResourceMap__get_resources_in_dependency_order", dependencies_first)
    original_create_stack = replace(CloudFormationBackend, "create_stack", create_stack)


def _update(types: ResourceTypes) -> None:
    def moves(resource_type: str) -> bool:
        return resource_type.startswith("Custom::") or (resource_type in types and types[resource_type].MOVES)

    def build_resource_diff(self: Any, other_template: dict[str, Any], parameters: Any = None) -> dict[str, Any]:
        actions: dict[str, Any] = original(self, other_template, parameters)
        return actions | {"Modify": with_followers(actions["Modify"], other_template["Resources"], moves)}

    original = replace(ResourceMap, "build_resource_diff", build_resource_diff)


def _failed(logical_id: str, resource_type: str, error: Exception) -> ServiceException:
    why = getattr(error, "message", None) or str(error) or repr(error)
    if isinstance(error, ServiceException) and resource_type in why:  # already told, by a resource this one refers to
        return error
    return ValidationError(message=f"Resource {logical_id} ({resource_type}) could not be created: {why}")


def _deletion() -> None:
    def delete(self: Any) -> None:
        created = {
            logical_id: resource
            for logical_id, resource in self._parsed_resources.items()
            if logical_id in self._resource_json_map and resource is not None
        }
        for logical_id in dependents_first({name: self._resource_json_map[name] for name in created}):
            resource, definition = created[logical_id], self._resource_json_map[logical_id]
            if definition.get("DeletionPolicy", "Delete") not in ("Retain", "RetainExceptOnCreate"):
                self._delete_resource(resource, definition)
            del self._parsed_resources[logical_id]

    def delete_stack(self: Any, name_or_stack_id: str) -> None:
        for stack in [one for one in self.stacks.values() if name_or_stack_id in (one.name, one.stack_id)]:
            exports = [export.name for export in stack.exports]
            stack.status = "DELETE_IN_PROGRESS"
            try:
                stack.delete()
            except Exception as error:  # whatever it was: CloudFormation tells it as the stack's state
                stack.status = "DELETE_FAILED"
                raise ValidationError(message=f"Stack {stack.name} could not be deleted: {error}") from error
            self.deleted_stacks[stack.stack_id] = self.stacks.pop(stack.stack_id)
            for name in exports:
                self.exports.pop(name)

    replace(ResourceMap, "delete", delete)
    replace(CloudFormationBackend, "delete_stack", delete_stack)
