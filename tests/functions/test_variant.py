"""A monitor of one variant reads that variant's objects and no others, and shares no pass with monitors of all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from functions.common.contract import Pass, RunSpec
from functions.evaluate.reading import stored_sources
from functions.plan.handler import handler

NOON = datetime(2013, 4, 1, 12, tzinfo=UTC)


@pytest.mark.usefixtures("s3")
def test_a_monitor_of_one_variant_reads_that_variant_alone(
    run_spec: RunSpec, context: Any, put_capture: Callable[..., str]
) -> None:
    rows = {"champion": ["1,a"], "challenger": ["2,b"], "challenger-2": ["3,c"]}
    keys = {variant: put_capture(NOON, given, variant=variant) for variant, given in rows.items()}
    one = run_spec.model_copy(update={"monitor": "of-challenger", "variant": "challenger"})
    runs = {run.monitor: run.model_dump(mode="json") for run in (run_spec, one)}

    answer = handler({"runs": runs, "request": {"scheduled_time": "2013-04-01T13:10:00Z"}}, context)

    passes = [Pass.model_validate(item) for item in answer["passes"]]
    read = {found.runs[0].run.monitor: [item.name for item in stored_sources(found.runs[0]).own] for found in passes}
    assert {name: len(names) for name, names in read.items()} == {"data-quality": 3, "of-challenger": 1}
    assert read["of-challenger"][0].endswith(keys["challenger"])
    assert [found.runs[0].plan.objects for found in passes] == [3, 1]
