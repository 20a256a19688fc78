"""Settings come from the environment, are read once, and are frozen."""

from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """Fields are environment variables in lower case; a required one has no default."""

    model_config = ConfigDict(frozen=True)

    table_name: str

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Read the settings. Raises pydantic.ValidationError that names what is missing."""
        return cls.model_validate({name.lower(): value for name, value in environ.items()})
