"""Live resources in CloudFormation's shape, one reader for each resource type."""

from __future__ import annotations

from collections.abc import Mapping

from tests.local.deploy.readers import (
    access,
    analysis,
    builds,
    catalogue,
    computing,
    endpoints,
    messaging,
    observing,
    product,
    storage,
    timing,
)
from tests.local.deploy.readers.shape import Reader

READERS: Mapping[str, Reader] = {
    **access.READERS,
    **analysis.READERS,
    **builds.READERS,
    **catalogue.READERS,
    **computing.READERS,
    **endpoints.READERS,
    **messaging.READERS,
    **observing.READERS,
    **product.READERS,
    **storage.READERS,
    **timing.READERS,
}
