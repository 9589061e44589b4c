"""Objects of the user's own code, by name."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from monitoring_core.errors import ConfigError


def load_function(path: str) -> Callable[..., Any]:
    """Import ``package.module:function``.

    Raises
    ------
    ConfigError
        If the module cannot be imported or has no such function.

    Examples
    --------
    >>> load_function("math:sqrt")(9.0)
    3.0
    >>> load_function("math:square")
    Traceback (most recent call last):
    monitoring_core.errors.ConfigError: 'math:square' cannot be loaded: module math has no 'square'; write \
package.module:function, and ship the module with the analysis
    """
    module_name, _, name = path.partition(":")
    advice = "write package.module:function, and ship the module with the analysis"
    try:
        module = import_module(module_name)
    except Exception as error:  # whatever the user's module does while it is imported
        raise ConfigError(f"{path!r} cannot be loaded: {type(error).__name__}: {error}; {advice}") from error
    try:
        found = getattr(module, name)
    except AttributeError:
        raise ConfigError(f"{path!r} cannot be loaded: module {module_name} has no {name!r}; {advice}") from None
    if not callable(found):
        raise ConfigError(f"{path!r} cannot be loaded: it is a {type(found).__name__}, not a function; {advice}")
    return found  # type: ignore[no-any-return]
