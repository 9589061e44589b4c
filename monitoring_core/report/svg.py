"""Geometry of the pictures: paths as text, for templates to draw."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def step_path(shares: Sequence[float], width: float, height: float, peak: float) -> str:
    """Outline of a histogram, standing on the bottom line.

    Examples
    --------
    >>> step_path([0.5, 1.0], 10, 4, 1.0)
    'M0 4V2H5V0H10V4'
    """
    step = width / len(shares)
    tops = [(f"{(i + 1) * step:.5g}", f"{height - height * share / peak:.4g}") for i, share in enumerate(shares)]
    return f"M0 {height:g}" + "".join(f"V{top}H{right}" for right, top in tops) + f"V{height:g}"


def line_path(points: Iterable[tuple[float, float | None]]) -> str:
    """Line through points; it breaks where a value is missing.

    Examples
    --------
    >>> line_path([(0, 1.0), (1, 2.0), (2, None), (3, 1.5)])
    'M0 1L1 2M3 1.5h0'
    """
    runs: list[list[str]] = [[]]
    for x, y in points:
        if y is None:
            runs.append([])
        else:
            runs[-1].append(f"{x:.5g} {y:.4g}")
    return "".join(f"M{'L'.join(run)}" + ("h0" if len(run) == 1 else "") for run in runs if run)


def cells_path(columns: Iterable[tuple[float, float]], height: float) -> str:
    """Rectangles of one height from pairs of left end and width.

    Examples
    --------
    >>> cells_path([(0, 2), (4, 2)], 10)
    'M0 0h2v10h-2zM4 0h2v10h-2z'
    """
    return "".join(f"M{x:.5g} 0h{w:.4g}v{height:g}h-{w:.4g}z" for x, w in columns)
