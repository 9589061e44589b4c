"""Late labels: how the runs of one window are told apart.

A window is run when its labels are due, and once more when late labels are in. What the first run reported is never
changed: where the labels differ, the second run is a new revision, written beside the first. What a run was made of is
told by a digest of the labels that met an event: with the same labels it is the same revision, with the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence


def revision_of(digest: str, earlier: Sequence[str]) -> int:
    """Return the number of the revision with these labels, from 1.

    Parameters
    ----------
    digest : str
        Of the labels at hand (`JoinReport.digest`).
    earlier : sequence of str
        Those of the revisions there are, in order.

    Examples
    --------
    >>> revision_of("ab", []), revision_of("cd", ["ab"]), revision_of("ab", ["ab", "cd"])
    (1, 2, 1)
    """
    return earlier.index(digest) + 1 if digest in earlier else len(earlier) + 1


def revision_prefix(report_prefix: str, revision: int) -> str:
    """Return where a revision's report is written: the first at the window's own place, later ones below it.

    Examples
    --------
    >>> revision_prefix("reports/e/s/2013/04/02/00/", 1), revision_prefix("reports/e/s/2013/04/02/00/", 3)
    ('reports/e/s/2013/04/02/00/', 'reports/e/s/2013/04/02/00/rev-3/')
    """
    return report_prefix if revision == 1 else f"{report_prefix}rev-{revision}/"
