"""The short form of a run, for messages and pull requests."""

from __future__ import annotations

import re
from typing import Final

from monitoring_core.report.run_view import RunReport, violation_rows
from monitoring_core.report.words import count, lead, verdict, window_text

MAX_ROWS: Final = 20


def render_run_markdown(report: RunReport) -> str:
    """Markdown of one run: verdict, the worst violations, and where the numbers come from.

    Names from the data are escaped, so that they are always text.
    """
    rows = violation_rows(report.evaluation)
    when = f", {window_text(report.window)}" if report.window is not None else ""
    lines = [
        f"### {escape(verdict(report.evaluation))}",
        "",
        f"**{escape(report.endpoint)}** / {escape(report.monitor)}{when}. {escape(lead(report.evaluation))}",
    ]
    if rows:
        lines += ["", "| Feature | Problem | Measured | Allowed | Rows |", "| --- | --- | ---: | ---: | ---: |"]
        lines += [
            f"| {escape(row.feature)} | {escape(row.title)} | {row.measured} | {row.limit} | {row.n} |"
            for row in rows[:MAX_ROWS]
        ]
    if len(rows) > MAX_ROWS:
        lines += ["", f"... and {len(rows) - MAX_ROWS} more."]
    quarantined = sum(report.quarantine.values())
    if quarantined:
        lines += ["", f"{count(quarantined, 'record')} could not be read and counted in none of these numbers."]
    if report.baseline_id:
        lines += ["", f"Baseline `{escape(report.baseline_id)}`."]
    return "\n".join(lines) + "\n"


def escape(text: str) -> str:
    r"""Make text mean itself in Markdown: no markup, no links, no mentions, one line.

    Examples
    --------
    >>> print(escape("a|b <img src=x> @team [x](y)\n# h"))
    a\|b &lt;img src=x&gt; &#64;team \[x\](y) \# h
    """
    one_line = " ".join(text.split())
    entities = one_line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("@", "&#64;")
    return re.sub(r"(?<!&)([\\`*_\[\]#|~])", r"\\\1", entities)
