"""The three models that all others of the domain extend: Part, Answer and Stored.

A function uses few of the models that it imports, so each is built when it is first used.
"""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Fraction = Annotated[float, Field(ge=0, le=1)]


class Part(BaseModel):
    """A piece of a document: frozen, and refusing fields that it does not know."""

    model_config = ConfigDict(defer_build=True, frozen=True, extra="forbid")


class Answer(BaseModel):
    """What the API answers: frozen, and open to fields that newer releases add."""

    model_config = ConfigDict(defer_build=True, frozen=True)


class Stored(Part):
    """A piece of a row, which is kept: one written by newer code can still be read."""

    model_config = ConfigDict(defer_build=True, frozen=True, extra="ignore")


def known(words: Iterable[str]) -> BeforeValidator:
    """Of the words in a stored list those that this release knows: a newer one may have more."""
    mine = frozenset(words)

    def read(told: Any) -> Any:
        listed = isinstance(told, Iterable) and not isinstance(told, str)
        return [word for word in told if word in mine] if listed else told

    return BeforeValidator(read)
