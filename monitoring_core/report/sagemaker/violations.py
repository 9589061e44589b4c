"""``constraint_violations.json``."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from monitoring_core.checks.evaluation import Check, Evaluation
from monitoring_core.errors import DataError
from monitoring_core.report.sagemaker.json_bytes import encode, number

_DATA_SET_NAMES: Final = {"missing_column_check": "Missing columns", "extra_column_check": "Extra columns"}


def dump_violations(evaluation: Evaluation, *, compat: bool = False) -> bytes:
    """Write the violations in the order of checking.

    Parameters
    ----------
    compat : bool
        Leave out our extra keys ``metric_value`` and ``threshold``.
    """
    return encode({"violations": [_entry(check, compat=compat) for check in evaluation.violations]})


def feature_name(check: Check) -> str:
    """Return the ``feature_name`` under which Amazon reports a check."""
    return _DATA_SET_NAMES.get(check.constraint.check_type, check.constraint.subject.column)


def limit(check: Check) -> float:
    """Return the limit a check was held against; of two, the upper where the value is above it, else the lower.

    Examples
    --------
    >>> from monitoring_core.checks.evaluation import Bound, Constraint, Measurement
    >>> impact = Constraint("DI", Bound(0.8, 1.25))
    >>> limit(impact.check(Measurement("DI", 5.8, 900))), limit(impact.check(Measurement("DI", 0.5, 900)))
    (1.25, 0.8)
    """
    bound, value = check.constraint.bound, check.measurement.value if check.measurement else float("nan")
    if bound.upper is not None and (bound.lower is None or value > bound.upper):
        return bound.upper
    return float("nan") if bound.lower is None else bound.lower


def _entry(check: Check, *, compat: bool) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "feature_name": feature_name(check),
        "constraint_check_type": check.constraint.check_type,
        "description": check.reason,
    }
    if not compat and check.measurement is not None:
        entry |= {"metric_value": number(check.measurement.value), "threshold": number(limit(check))}
    return entry


def load_violations(data: bytes) -> list[dict[str, Any]]:
    """Read a violations file of any monitor; an empty file says the same as an empty list.

    Raises
    ------
    DataError
        If the file is something else.

    Examples
    --------
    >>> load_violations(b'{"violations": []}'), load_violations(b"")
    ([], [])
    """
    if not data.strip():
        return []
    try:
        entries = msgspec.json.decode(data, type=dict[str, Any])["violations"]
        return msgspec.convert(entries, list[dict[str, Any]])
    except (msgspec.MsgspecError, KeyError) as error:
        raise DataError(
            f"constraint_violations.json cannot be read: {error}; expected an object with a list 'violations'"
        ) from error
