"""Self-contained HTML: no network, no script, markup in data is always text."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from monitoring_core.report.words import DASH, count, limit_text, measured_text, moment, number, percent, window_text


def render(template: str, **values: Any) -> str:
    """Fill a template; every value is escaped."""
    return _environment().get_template(template).render(values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("monitoring_core.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": number,
        "percent": percent,
        "moment": moment,
        "window": window_text,
        "measured": measured_text,
        "limit": limit_text,
    }
    style = files("monitoring_core.report").joinpath("templates/style.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    environment.globals |= {
        "count": count,
        "dash": DASH,
        "style": Markup(style),  # noqa: S704 - our own file; its hash is what the policy allows
        "policy": f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
    }
    return environment
