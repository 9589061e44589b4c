"""The results as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.comparisons import COMPARISONS, Comparison, Figures
from benchmarks.report import in_words


def as_markdown(report: Mapping[str, Any]) -> str:
    """Return the whole report as a page."""
    return "\n".join(
        [
            "# Speed",
            "",
            in_words(report),
            f"{report['rows']:,} rows of 20 columns; {report['records']:,} captured records. Every line is a process "
            "of its own on one thread, all in one run of `make bench`; processor seconds, largest resident memory.",
            "",
            *_ours(report["tasks"]),
            "",
            *_compared({task["task"]: task for task in report["tasks"]}, report["peers"]),
            "",
        ]
    )


def _ours(tasks: Sequence[Figures]) -> list[str]:
    rows = [["task", "CPU s", "of which import", "RSS MiB", "result"]]
    rows += [
        [
            task["task"].replace("_", " "),
            f"{task['cpu_seconds']:.2f}",
            f"{task['phases'].get('import', 0.0):.2f}",
            str(task["peak_rss_mib"]),
            task["result"],
        ]
        for task in tasks
    ]
    return _table(rows)


def _compared(measured: Mapping[str, Figures], peers: Mapping[str, Figures]) -> list[str]:
    rows = [
        ["work", "ours: CPU s", "RSS MiB", "peer", "CPU s", "RSS MiB", "times less CPU", "target", "times less memory"]
    ]
    rows += [_comparison(each, measured, peers[each.peer.name]) for each in COMPARISONS]
    return _table(rows)


def _comparison(comparison: Comparison, measured: Mapping[str, Figures], peer: Figures) -> list[str]:
    seconds = comparison.seconds(measured)
    memory = max(measured[task]["peak_rss_mib"] for task in comparison.tasks)
    start = [comparison.what, f"{seconds:.2f}", str(memory)]
    if "skipped" in peer:
        return [*start, f"{comparison.peer.package}: skipped ({peer['skipped']})", *["-"] * 2, "-", "-", "-"]
    peer_seconds = comparison.peer_seconds(peer)
    return [
        *start,
        f"{comparison.peer.package} {peer['version']}",
        f"{peer_seconds:.1f}",
        str(peer["peak_rss_mib"]),
        f"{peer_seconds / seconds:.1f}",
        f"{comparison.target:.0f}",
        f"{peer['peak_rss_mib'] / memory:.1f}",
    ]


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    return [lines[0], "| " + " | ".join("-" * width for width in widths) + " |", *lines[1:]]
