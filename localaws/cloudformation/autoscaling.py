"""Application Auto Scaling."""

from __future__ import annotations

from localaws.cloudformation.resource import ApiResource, tag_map

_IDENTITY = ("ResourceId", "ScalableDimension", "ServiceNamespace")


class ScalableTarget(ApiResource):
    """``AWS::ApplicationAutoScaling::ScalableTarget``."""

    TYPE = "AWS::ApplicationAutoScaling::ScalableTarget"

    def create(self) -> None:
        """Register the target."""
        call = {**self.properties, "Tags": tag_map(self.properties.get("Tags"))}
        self.client("application-autoscaling").register_scalable_target(**call)
        self.physical_id = "|".join(self.properties[name] for name in _IDENTITY)
        self.attributes = {"Id": self.physical_id}

    def remove(self) -> None:
        """Deregister the target."""
        identity = {name: self.properties[name] for name in _IDENTITY}
        self.client("application-autoscaling").deregister_scalable_target(**identity)


class ScalingPolicy(ApiResource):
    """``AWS::ApplicationAutoScaling::ScalingPolicy``."""

    TYPE = "AWS::ApplicationAutoScaling::ScalingPolicy"
    NAME = "PolicyName"

    def create(self) -> None:
        """Put the policy."""
        answer = self.client("application-autoscaling").put_scaling_policy(**self._call())
        self.physical_id = answer["PolicyARN"]
        self.attributes = {"Arn": self.physical_id, "PolicyName": self.name}

    def remove(self) -> None:
        """Delete the policy."""
        identity = {name: self._call()[name] for name in _IDENTITY}
        self.client("application-autoscaling").delete_scaling_policy(PolicyName=self.name, **identity)

    def _call(self) -> dict[str, object]:
        """Return the call; a template may name the target by its id instead of its three parts."""
        call = self.named()
        if "ScalingTargetId" in call:
            call.update(zip(_IDENTITY, call.pop("ScalingTargetId").split("|"), strict=True))
        return call


TYPES = (ScalableTarget, ScalingPolicy)
