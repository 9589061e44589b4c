"""Embedding drift: vectors, and any group of numbers taken together."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from monitoring_core.spec.base import Frozen, SchemaSpec


class VectorColumns(Frozen):
    """The columns that are one vector.

    A JSON array is captured as one column per element (``path_0``, ``path_1`` ...), so an embedding is named
    by its `prefix`. Features that are to be looked at together are named one by one.
    """

    name: str
    """What the vector is called in reports."""
    prefix: str | None = None
    """``emb`` stands for ``emb_0``, ``emb_1`` ... in the order of their numbers."""
    columns: tuple[str, ...] = ()
    """Columns that are looked at together, by name."""

    @model_validator(mode="after")
    def _one_way(self) -> VectorColumns:
        if bool(self.prefix) == bool(self.columns):
            raise ValueError(f"vector {self.name!r} needs either `prefix` or `columns`; give exactly one of them")
        return self


class EmbeddingDriftSpec(Frozen):
    """Centroid shift on all rows; domain classifier and MMD on a bounded sample of them."""

    kind: Literal["embedding-drift"] = "embedding-drift"
    name: str = "embedding-drift"
    columns: SchemaSpec = SchemaSpec()
    vectors: Annotated[tuple[VectorColumns, ...], Field(min_length=1)]
    """What is watched."""
    max_auc: Annotated[float, Field(ge=0.5, le=1)] = 0.6
    """A classifier that tells window and baseline apart may do so with this area under the ROC curve."""
    max_cosine_distance: Annotated[float, Field(gt=0, le=2)] | None = None
    """Largest cosine distance of the centroids, less what chance explains; by default it is reported only."""
    min_mmd_p_value: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Smallest p-value of the maximum mean discrepancy; by default it is reported only."""
    significance: Annotated[float, Field(gt=0, lt=1)] = 0.001
    """Chance of a false alarm of one run when nothing has changed."""
    sample_rows: Annotated[int, Field(ge=50, le=2000)] = 500
    """Rows of the sample, the baseline's (which keeps them) and each window's."""
    sample_dimensions: Annotated[int, Field(ge=1, le=512)] = 32
    """Vectors with a `prefix` that are longer are projected to so many random directions before they are sampled."""
    min_rows: Annotated[int, Field(ge=20)] = 50
    """Drift is not evaluated on fewer rows."""
    segments: tuple[str, ...] = ()
    """Columns whose values slice the rows: each slice is judged by itself, too."""

    @model_validator(mode="after")
    def _sample_fits(self) -> EmbeddingDriftSpec:
        names = [vector.name for vector in self.vectors]
        if len(set(names)) < len(names):
            raise ValueError(f"each vector needs a name of its own, got {', '.join(names)}")
        for vector in self.vectors:
            if len(vector.columns) > self.sample_dimensions:
                raise ValueError(
                    f"vector {vector.name!r} has {len(vector.columns)} columns, `sample_dimensions` is "
                    f"{self.sample_dimensions}; raise it, or name fewer columns"
                )
        return self
