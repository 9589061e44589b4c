"""Environment variables as a model: a missing or wrong one stops the function at its start, by name."""

from __future__ import annotations

import os
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from monitoring_core.errors import ConfigError


class Settings(BaseModel):
    """Base of each function's settings: field ``topic_arn`` is read from ``TOPIC_ARN``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def from_environment(cls) -> Self:
        """Read the settings.

        Raises
        ------
        ConfigError
            If a variable is missing or has a wrong value.
        """
        given = {name: os.environ[name.upper()] for name in cls.model_fields if name.upper() in os.environ}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            wrong = "; ".join(f"{str(item['loc'][0]).upper()}: {item['msg']}" for item in error.errors())
            raise ConfigError(
                f"environment variables are wrong: {wrong}; see docs/functions.md, then deploy again"
            ) from error
