"""TypeCounts: how many values of a column look like which type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from monitoring_core.dataset.batch import TypeCode


class InferredType(StrEnum):
    """Type of a whole column, as Amazon's analyzer names it."""

    FRACTIONAL = "Fractional"
    INTEGRAL = "Integral"
    STRING = "String"
    UNKNOWN = "Unknown"

    @property
    def is_numeric(self) -> bool:
        """Whether the column has moments and a numeric distribution."""
        return self in {InferredType.FRACTIONAL, InferredType.INTEGRAL}


@dataclass(frozen=True, slots=True)
class TypeCounts:
    """Values per inferred type, in the order of `TypeCode`; ``TypeCounts()`` is empty.

    Examples
    --------
    >>> mixed = TypeCounts.of(np.array([TypeCode.INTEGRAL, TypeCode.FRACTIONAL, TypeCode.MISSING], dtype=np.uint8))
    >>> mixed.present, mixed.inferred.value
    (2, 'Fractional')
    >>> mixed.merge(TypeCounts(string=1)).inferred.value   # one text makes it a text column
    'String'
    >>> TypeCounts(missing=3).inferred.value
    'Unknown'
    """

    missing: int = 0
    fractional: int = 0
    integral: int = 0
    boolean: int = 0
    string: int = 0

    @classmethod
    def of(cls, codes: NDArray[np.uint8]) -> Self:
        """Count an array of `TypeCode`."""
        return cls(*np.bincount(codes, minlength=len(TypeCode)).tolist())

    def merge(self, other: Self, /) -> Self:
        """Return the sum of both sides."""
        return type(self)(
            self.missing + other.missing,
            self.fractional + other.fractional,
            self.integral + other.integral,
            self.boolean + other.boolean,
            self.string + other.string,
        )

    @property
    def present(self) -> int:
        """Values that are not missing."""
        return self.fractional + self.integral + self.boolean + self.string

    @property
    def inferred(self) -> InferredType:
        """Type of the column (contract 4.2): any text wins, then any fraction; booleans are text."""
        if self.string or self.boolean:
            return InferredType.STRING
        if self.fractional:
            return InferredType.FRACTIONAL
        return InferredType.INTEGRAL if self.integral else InferredType.UNKNOWN

    def matching(self, expected: InferredType) -> int:
        """Values whose own type is literally the expected one: an integer in a fractional column is no match.

        Examples
        --------
        >>> TypeCounts(fractional=1, integral=2).matching(InferredType.FRACTIONAL)
        1
        >>> TypeCounts(string=1, boolean=2, integral=3).matching(InferredType.STRING)
        3
        """
        return {
            InferredType.FRACTIONAL: self.fractional,
            InferredType.INTEGRAL: self.integral,
            InferredType.STRING: self.string + self.boolean,
            InferredType.UNKNOWN: self.present,
        }[expected]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        return cls(**data)
