"""What is known about instance types."""

from __future__ import annotations

from typing import Final

_FAMILIES: Final = ("g5", "g6", "g7", "p5", "p6", "trn")


def has_local_storage(instance_type: str) -> bool:
    """Return whether the machine's volumes are local NVMe disks, for which SageMaker refuses a KMS key.

    The machine encrypts such disks itself, with a key that leaves with it. Amazon marks them with a ``d`` in the
    family's name; of the newer families for training and graphics all have them.

    References
    ----------
    .. [1] SageMaker API Reference, CreateEndpointConfig and ProcessingClusterConfig: "You can't request a
       VolumeKmsKeyId when using an instance type with local storage."
    .. [2] Amazon EC2 User Guide, Instance store volumes.

    Examples
    --------
    >>> [has_local_storage(f"ml.{family}.xlarge") for family in ("m5", "m5d", "g4dn", "g5", "inf2")]
    [False, True, True, True, False]
    """
    _, family, _ = instance_type.split(".")
    return "d" in family or family.startswith(_FAMILIES)
