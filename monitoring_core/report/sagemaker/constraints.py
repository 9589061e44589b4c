"""``constraints.json``."""

from __future__ import annotations

from pydantic import ValidationError

from monitoring_core.errors import BaselineError
from monitoring_core.monitors.data_quality.constraints import Constraints
from monitoring_core.report.sagemaker.json_bytes import encode


def dump_constraints(constraints: Constraints) -> bytes:
    """Write constraints; what is not set is left out, keys that were not understood are kept.

    Examples
    --------
    >>> load_constraints(dump_constraints(Constraints())) == Constraints()
    True
    """
    return encode(constraints.model_dump(mode="json", exclude_none=True))


def load_constraints(data: bytes) -> Constraints:
    """Read constraints, Amazon's or ours.

    Raises
    ------
    BaselineError
        If the file is not a constraints file.

    Examples
    --------
    >>> load_constraints(b"[]")
    Traceback (most recent call last):
    monitoring_core.errors.BaselineError: constraints.json cannot be read: at the top level: Input should be an \
object; make the baseline again, or correct the file
    """
    try:
        return Constraints.model_validate_json(data.removeprefix(b"\xef\xbb\xbf"))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the top level"
        raise BaselineError(
            f"constraints.json cannot be read: at {where}: {first['msg']}; make the baseline again, or correct the file"
        ) from None
