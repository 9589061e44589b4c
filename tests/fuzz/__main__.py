"""``python -m tests.fuzz [records] [seed]``: a million fuzzed records in one process, and its memory."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Final

from tests.fuzz.run import Outcome, fuzz

RECORDS: Final = 1_000_000
MAX_RSS_MIB: Final = 512


def main(arguments: list[str]) -> int:
    """Print what became of the records; return 0 if it is what had to."""
    records = int(arguments[0]) if arguments else RECORDS
    seed = int(arguments[1]) if len(arguments) > 1 else 1
    start = time.perf_counter()
    outcome = fuzz(records, seed)
    memory = peak_rss_mib()
    sys.stdout.write(
        f"{_summary(outcome)}\n{time.perf_counter() - start:.0f} s, {memory} MiB of {MAX_RSS_MIB} allowed\n"
    )
    wrong = outcome.lost or outcome.invented or outcome.miscounted or memory > MAX_RSS_MIB
    return 1 if wrong or outcome.quarantine.out_of_window != outcome.expected.outside else 0


def _summary(outcome: Outcome) -> str:
    lines = [f"{count:>9,} {reason}" for reason, count in outcome.quarantine.by_reason.most_common()]
    return "\n".join(
        [
            f"{outcome.expected.records:>9,} records",
            f"{outcome.rows:>9,} rows read, {outcome.lost} lost, {outcome.invented} that no record has",
            f"{outcome.quarantine.out_of_window:>9,} outside the window, {outcome.expected.outside:,} expected",
            f"{outcome.quarantine.count:>9,} set aside, {outcome.expected.reasons.total():,} expected; "
            f"counted otherwise than expected: {outcome.miscounted or 'none'}",
            *lines,
        ]
    )


def peak_rss_mib() -> int:
    """Return the largest memory that this process has had."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) // 1024


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
