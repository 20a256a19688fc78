"""Settings come from the environment, are read once, and are frozen."""

from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """Fields are environment variables in lower case; a required one has no default."""

    # An error that quoted its input would write the environment into a log, secrets and all.
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    table_name: str

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Read the settings. Raises pydantic.ValidationError that names what is missing."""
        return cls.model_validate({name.lower(): value for name, value in environ.items()})


class WritingSettings(Settings):
    """Of a function whose calls change something: for whose tokens, how often a person may
    (facet.http.limits), and how many jobs may wait before no more are taken on."""

    user_pool_client_id: str
    uploads_a_minute: int
    analyses_a_minute: int
    looks_a_minute: int
    writes_a_minute: int
    feedback_a_day: int
    max_queue_depth: int
