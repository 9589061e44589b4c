"""Fold one shard of a pass."""

from __future__ import annotations

from functions.analyzer.job.tree import JobTree
from functions.common.folding import fold_shard, hold_runs


def fold(tree: JobTree) -> str:
    """Fold what is in this machine's shard for all monitors of the pass; return a sentence about it.

    A monitor that cannot be computed is told in the partial and does not stop the others.

    Raises
    ------
    ConfigError
        If there is no pass to fold.
    """
    planned = tree.planned()
    first = planned.runs[0]
    held, failures = hold_runs(planned, tree.baseline)
    partial = fold_shard(held, first, tree.sources(first)).partial(held, failures)
    path = tree.write_partial(partial.dump())
    told = "".join(f"; {name} failed: {failure.error}: {failure.message}" for name, failure in partial.failures.items())
    return f"Completed: {len(partial.states)} of {len(planned.runs)} monitors folded into {path.name}{told}"
