"""What is compared with whom, and by how much it should be better."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.peers import Peer

Figures = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One task of ours beside a peer's.

    Attributes
    ----------
    what : str
        The work that both do.
    tasks : tuple of str
        Ours; their times add up.
    phases, peer_phases : tuple of str
        What counts of each.
    target : float
        Times less processor time that we are to need.
    peer_factor : float
        By which the peer's time is multiplied, because it did only a part of the work.
    """

    what: str
    tasks: tuple[str, ...]
    phases: tuple[str, ...]
    peer: Peer
    peer_phases: tuple[str, ...]
    target: float
    peer_factor: float = 1.0

    def seconds(self, measured: Mapping[str, Figures]) -> float:
        """Return our processor time."""
        return sum(float(measured[task]["phases"].get(phase, 0.0)) for task in self.tasks for phase in self.phases)

    def peer_seconds(self, figures: Figures) -> float:
        """Return the peer's processor time."""
        return self.peer_factor * sum(float(figures["phases"][phase]) for phase in self.peer_phases)


EVIDENTLY: Final = Peer("evidently", "evidently", "evidently_drift")
TFDV: Final = Peer("tfdv", "tensorflow-data-validation", "tfdv_drift")
SMCLARIFY: Final = Peer("smclarify", "smclarify", "smclarify_bias")
SKLEARN: Final = Peer("sklearn", "scikit-learn", "sklearn_quality")

COMPARISONS: Final = (
    Comparison(
        "profile, checks and drift of a window; Evidently: its drift report alone, without loading",
        ("evaluate",),
        ("load", "work"),
        EVIDENTLY,
        ("work",),
        50,
    ),
    Comparison(
        "profile, checks and drift of a window, loading included", ("evaluate",), ("work",), TFDV, ("load", "work"), 5
    ),
    Comparison(
        "the same with the reference, of which we make a baseline",
        ("make_baseline", "evaluate"),
        ("work",),
        TFDV,
        ("load reference", "profile reference", "load", "work"),
        5,
    ),
    Comparison(
        "a scheduled run of that window from the start of its process, imports included",
        ("evaluate",),
        ("import", "work"),
        TFDV,
        ("import", "load", "work"),
        5,
    ),
    Comparison(
        "the baseline and the window, each from the start of its process; TFDV: both in one",
        ("make_baseline", "evaluate"),
        ("import", "work"),
        TFDV,
        ("import", "load reference", "profile reference", "load", "work"),
        5,
    ),
    Comparison(
        "bias metrics after training; ours before training, too, and intervals",
        ("model_bias",),
        ("work",),
        SMCLARIFY,
        ("work",),
        100,
    ),
    Comparison(
        "200 bootstrap repeats; scikit-learn: AUC and F1 in 5 repeats, times 40",
        ("model_quality",),
        ("work",),
        SKLEARN,
        ("work",),
        100,
        peer_factor=40,
    ),
)
