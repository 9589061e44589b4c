"""What all our steps are told on their command lines."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

NONE: Final = "-"
"""A parameter of a pipeline cannot be empty; this says that there is none."""


def step_parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser of the folders of a step and of what the columns mean; a step adds its own arguments."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--input", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--message", type=Path, required=True, help="where the reason of a failure goes")
    parser.add_argument("--outputs", required=True, help="the model's output columns, comma separated")
    parser.add_argument("--label", required=True, help="label column of the training set")
    return parser
