"""What a request may end in: problem+json (RFC 9457), by the codes of problems.toml.

What is said of a code stands in sentences/en.toml, in [problem.<code>].
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse
from pydantic import BaseModel, Field

from facet.saying import say


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """One code of [http]: what a request may end in, and what to do next."""

    code: str
    status: HTTPStatus
    title: str
    hint: str


@dataclass(frozen=True, slots=True)
class RowKind:
    """One code of [row]: what a document that is answered with 200 may have ended in."""

    code: str
    title: str
    hint: str


@cache
def problem_kinds() -> dict[str, ProblemKind]:
    """Code -> what is said of it; read with the first problem, since most calls have none."""
    return {
        code: ProblemKind(
            code, HTTPStatus(status), say(f"problem.{code}.title"), say(f"problem.{code}.hint")
        )
        for code, status in _codes()["http"].items()
    }


def row_kinds() -> dict[str, RowKind]:
    """Code -> what is said of a document that ended in it; for who writes to an app."""
    return {code: _row_kind(code) for codes in _codes()["row"].values() for code in codes}


def _row_kind(code: str) -> RowKind:
    if code in _codes()["http"]:
        return RowKind(code, say(f"problem.{code}.row.title"), say(f"problem.{code}.row.hint"))
    return RowKind(code, say(f"problem.{code}.title"), say(f"problem.{code}.hint"))


@cache
def _codes() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("problems.toml").read_text(encoding="utf-8"))


class FieldError(BaseModel):
    """What is wrong with one field of a request."""

    field: str = Field(description="Where it is: body.wants.0, query.limit, header.If-Match.")
    message: str = Field(description="What is wrong with it, in English.")


class Problem(BaseModel):
    """RFC 9457 problem details, with a code an app can switch on."""

    type: str = Field(description="urn:facet:problem: and the code.")
    title: str = Field(description="What kind of problem it is; the same for every one of a code.")
    status: int = Field(ge=400, le=599, description="The HTTP status, again.")
    code: str = Field(description="Stable snake_case word; treat one you do not know by status.")
    detail: str = Field(description="What happened to this request, in English.")
    hint: str = Field(description="What to do next.")
    request_id: str = Field(description="X-Request-Id of this answer; in every log line of it.")
    errors: list[FieldError] | None = Field(
        None, description="invalid_request: the fields that do not fit, the first 50 of them."
    )


def problems(status: int, model: type | None, *codes: str) -> dict[int, OpenAPIResponse]:
    """OpenAPI responses of a route: its answer, and the codes of problems.toml it may end in.

    What any call may end in need not be named: contract/openapi.py adds it, and gives each code its
    status, headers and example. Raises TypeError for a code that is a status.
    """
    if strangers := [code for code in codes if not isinstance(code, str)]:
        raise TypeError(f"not codes of problems.toml: {strangers}")
    answer: OpenAPIResponse = {"description": HTTPStatus(status).phrase}
    if model:
        answer["content"] = {"application/json": {"model": model}}
    examples: dict[str, Any] = {code: {} for code in codes}
    problem: OpenAPIResponse = {
        "description": "Problem",
        "content": {"application/problem+json": {"model": Problem, "examples": examples}},
    }
    return {status: answer, 500: problem}
