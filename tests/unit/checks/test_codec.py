from __future__ import annotations

import math

import pytest

from monitoring_core.checks.codec import dump_evaluation, load_evaluation
from monitoring_core.checks.evaluation import Bound, Check, Constraint, Evaluation, Measurement, Outcome, Subject
from monitoring_core.errors import DataError


def test_a_verdict_survives_with_what_is_undefined_and_infinite() -> None:
    limit = Constraint("distance", Bound(upper=0.1), Subject("age"), min_n=5, check_type="baseline_drift_check")
    undefined = Check(limit, Measurement("distance", math.nan, 9, Subject("age")), Outcome.NOT_EVALUATED, "undefined")
    endless = Measurement("mean", math.inf, 9, Subject("age"), interval=(-math.inf, 2.0))
    evaluation = Evaluation("data-quality", 9, (undefined, Check(limit, None, Outcome.NOT_EVALUATED)), (endless,))

    text = dump_evaluation(evaluation)
    loaded = load_evaluation(text)

    measured = loaded.checks[0].measurement
    assert measured is not None
    assert math.isnan(measured.value)
    assert loaded.checks[1] == evaluation.checks[1]
    assert loaded.measurements == evaluation.measurements
    assert dump_evaluation(loaded) == text


def test_another_file_is_refused_with_what_to_do() -> None:
    with pytest.raises(DataError, match=r"evaluation.json cannot be read.*run the window again"):
        load_evaluation(b'{"violations": []}')
