"""How drift of a column is decided, for every kind that compares distributions."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from monitoring_core.spec.base import Frozen


class DriftRule(Frozen):
    """A column has drifted where its distance to the baseline is larger than chance explains *and* matters."""

    numeric: Literal["ks", "psi", "js", "hellinger", "wasserstein"] = "ks"
    """Distance of columns of numbers (`wasserstein` in standard deviations of the baseline)."""
    categorical: Literal["l_infinity", "psi", "js", "hellinger"] = "l_infinity"
    """Distance of columns of categories."""
    threshold: Annotated[float, Field(gt=0)] = 0.1
    """Distances up to it do not matter in practice, however certain they are."""
    significance: Annotated[float, Field(gt=0, lt=1)] = 0.001
    """Chance of a false alarm of one run, over all columns and segments, when nothing has changed."""
    correction: Literal["holm", "benjamini-hochberg", "none"] = "holm"
    """How the p-values of several columns are corrected for each other; with `benjamini-hochberg`,
    `significance` is the expected share of false alarms among the alarms."""
    min_rows: Annotated[int, Field(ge=1)] = 30
    """Drift is not evaluated on fewer rows."""
