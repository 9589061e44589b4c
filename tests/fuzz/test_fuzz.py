"""A short run of the fuzzer; `make fuzz` is the long one."""

from __future__ import annotations

import pytest

from tests.fuzz.run import fuzz


@pytest.mark.parametrize("seed", [1, 2])
def test_every_fuzzed_record_is_read_or_set_aside(seed: int) -> None:
    outcome = fuzz(10_000, seed)
    assert (outcome.lost, outcome.invented, outcome.miscounted) == (0, 0, {})
    assert outcome.quarantine.out_of_window == outcome.expected.outside
    assert outcome.rows > 7000
    assert outcome.quarantine.count > 3000
