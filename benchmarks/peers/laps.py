"""Phases of a peer's work, timed; it runs in the peer's own environment and imports nothing else of ours."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path


class Laps:
    """Processor time of each phase since the one before."""

    def __init__(self) -> None:
        self._phases: dict[str, float] = {}
        self._last = 0.0  # the interpreter's own start counts with the first phase

    def lap(self, phase: str) -> float:
        """End a phase and return its seconds."""
        now = time.process_time()
        taken, self._last = now - self._last, now
        self._phases[phase] = round(taken, 3)
        return taken

    def report(self, said: str) -> None:
        """Print the phases, the largest memory and what was found, as JSON."""
        status = Path("/proc/self/status").read_text()
        peak = int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) // 1024
        figures = {
            "phases": self._phases,
            "cpu_seconds": round(sum(self._phases.values()), 2),
            "peak_rss_mib": peak,
            "result": said,
        }
        sys.stdout.write("\n" + json.dumps(figures) + "\n")
