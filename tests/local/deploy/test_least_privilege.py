"""Roles do what their policies allow, and what is on record that they do: deployed examples and a month of flights."""

from __future__ import annotations

import pytest

from tests.local.deploy.record import check_permissions
from tests.local.deploy.shown import Shown

pytestmark = [pytest.mark.slow, pytest.mark.network]


def test_no_role_does_what_its_policies_do_not_allow(shown: Shown) -> None:
    check_permissions("every runtime", shown.deployment)
