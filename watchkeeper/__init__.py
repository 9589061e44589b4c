"""The command line, and the analysis in a notebook.

::

    from watchkeeper import Baseline, evaluate, fit, specify
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from watchkeeper.baselines import Baseline
    from watchkeeper.notebook import evaluate, fit
    from watchkeeper.result import Result
    from watchkeeper.specification import specify

__all__ = ["Baseline", "Result", "evaluate", "fit", "specify"]

_MODULES: Final = {
    "Baseline": "watchkeeper.baselines",
    "Result": "watchkeeper.result",
    "evaluate": "watchkeeper.notebook",
    "fit": "watchkeeper.notebook",
    "specify": "watchkeeper.specification",
}


def __getattr__(name: str) -> Any:
    """Load the analysis when it is first asked for: ``watchkeeper --help`` needs none of it."""
    if name not in _MODULES:
        raise AttributeError(f"module 'watchkeeper' has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
