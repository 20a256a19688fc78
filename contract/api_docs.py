"""Render docs/api.md from the API's document and the table of codes (`make openapi`)."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

from contract.openapi import EXAMPLES, PROBLEM, ROOT, operations
from facet.http.problems import problem_kinds, row_kinds
from facet.routes.document import DOCUMENT
from facet.vision.photo.gates import load_gates

PAGE = ROOT / "docs" / "api.md"
INTRODUCTION = Path(__file__).with_name("api_introduction.md")
WIDTH = 100


class Page:
    """docs/api.md, made of the document."""

    def __init__(self, document: dict[str, Any], recorded: dict[str, Any]) -> None:
        self.document = document
        self.recorded = recorded
        self.schemas: dict[str, dict[str, Any]] = document["components"]["schemas"]

    def render(self) -> str:
        calls = list(operations(self.document))
        parts = [INTRODUCTION.read_text().rstrip(), "## Calls", self._overview(calls)]
        for tag in self.document["tags"]:
            parts.append(f"## Calls: {tag['name']}\n\n{tag['description']}")
            parts += [
                self._call(path, method, operation)
                for path, method, operation in calls
                if tag["name"] in operation["tags"]
            ]
        parts += ["## Codes", self._codes(), "## Schemas"]
        parts.append(
            "What is not marked *required* may be absent, and is never null. Answers may grow "
            "fields; requests may not have others than these."
        )
        parts += [self._schema(name) for name in sorted(self.schemas)]
        return "\n\n".join(parts) + "\n"

    # -- calls -------------------------------------------------------------------------------------

    def _overview(self, calls: list[tuple[str, str, dict[str, Any]]]) -> str:
        rows = [
            f"| [`{method.upper()} {path}`](#{operation['operationId'].lower()}) "
            f"| {operation['summary']} |"
            for tag in self.document["tags"]
            for path, method, operation in calls
            if tag["name"] in operation["tags"]
        ]
        return "\n".join(["| call | |", "|---|---|", *rows])

    def _call(self, path: str, method: str, operation: dict[str, Any]) -> str:
        name = operation["operationId"]
        parts = [
            f"### {name}",
            f"`{method.upper()} {path}`"
            + (" · no sign-in" if operation.get("security") == [] else ""),
            " ".join([operation["summary"] + ".", operation.get("description", "")]).strip(),
        ]
        if parameters := operation.get("parameters"):
            rows = [
                f"| `{parameter['name']}` | {parameter['in']} | {self._kind(parameter['schema'])} "
                f"| {_cell(parameter.get('description', ''))} |"
                for parameter in parameters
            ]
            parts.append("\n".join(["| parameter | in | type | |", "|---|---|---|---|", *rows]))
        example = self.recorded.get(name, {})
        parts.append(_fenced("sh", _curl(method, path, operation, example)))
        if "requestBody" in operation:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            parts.append(f"Body: {self._kind(schema)}.")
        for status, response in operation["responses"].items():
            own = "content" in response and PROBLEM not in str(
                response
            )  # /v1/health/ready says 503
            if status.startswith("2") or (status == "503" and own):
                content = response.get("content", {}).get("application/json")
                answer = f"**{status}** {self._kind(content['schema']) if content else 'no body'}"
                parts.append(answer)
                if content and "example" in content:
                    parts.append(_fenced("json", _readable(content["example"])))
        parts.append("Errors: " + self._errors(operation) + ".")
        return "\n\n".join(parts)

    def _errors(self, operation: dict[str, Any]) -> str:
        """Codes by status."""
        told = []
        for status, told_here in operation["responses"].items():
            name = told_here.get("$ref", "").rpartition("/")[2]
            response = self.document["components"]["responses"].get(name, told_here)
            codes = response.get("content", {}).get(PROBLEM, {}).get("examples", {})
            if codes:
                told.append(f"{status} " + " ".join(f"`{code}`" for code in codes))
        return " · ".join(told)

    # -- schemas -----------------------------------------------------------------------------------

    def _schema(self, name: str) -> str:
        schema = self.schemas[name]
        parts = [f"### {name}"]
        if schema.get("description"):
            parts.append(" ".join(schema["description"].split()))
        if "properties" in schema:
            required = schema.get("required", ())
            rows = [
                f"| `{field}`{' *required*' if field in required else ''} | {self._kind(part)} "
                f"| {_cell(part.get('description', ''))} |"
                for field, part in schema["properties"].items()
            ]
            parts.append("\n".join(["| field | type | |", "|---|---|---|", *rows]))
        else:
            parts.append(self._kind(schema))
        return "\n\n".join(parts)

    def _kind(self, schema: dict[str, Any]) -> str:
        """A type with its range, in a few words."""
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            return f"[{name}](#{name.lower()})"
        if "oneOf" in schema:
            return " or ".join(self._kind(choice) for choice in schema["oneOf"])
        if "enum" in schema:
            return ", ".join(f"`{word}`" for word in schema["enum"]) + _default(schema)
        kind = schema["type"]
        if kind == "array":
            count = _range(schema.get("minItems"), schema.get("maxItems"))
            return f"list of {count + ' ' if count else ''}{self._kind(schema['items'])}"
        if kind == "object":
            values = schema.get("additionalProperties")
            return f"map to {self._kind(values)}" if isinstance(values, dict) else "object"
        low = schema.get("minimum", schema.get("exclusiveMinimum"))
        limits = {
            "string": _range(schema.get("minLength"), schema.get("maxLength"), " characters"),
        }.get(kind, _range(low, schema.get("maximum")))
        if "exclusiveMinimum" in schema and "maximum" not in schema:
            limits = f"> {_number(schema['exclusiveMinimum'])}"
        pattern = f"`{schema['pattern']}`".replace("|", "\\|") if "pattern" in schema else ""
        words = [schema.get("format", kind), limits, pattern]
        return " ".join(word for word in words if word) + _default(schema)

    # -- codes -------------------------------------------------------------------------------------

    def _codes(self) -> str:
        answers = [
            f"| `{kind.code}` | {kind.status} | {_cell(kind.title)} | {_cell(kind.hint)} |"
            for kind in problem_kinds().values()
        ]
        rows = [
            f"| `{kind.code}` | {_cell(kind.title)} | {_cell(kind.hint)} |"
            for kind in row_kinds().values()
        ]
        gates = load_gates("moderate").gates.values()
        photo = {gate.code: gate.hint for gate in gates}
        return "\n\n".join(
            [
                "What a request may end in, as `application/problem+json`:",
                "\n".join(["| code | status | | what to do |", "|---|---|---|---|", *answers]),
                "What an analysis, a piece of advice or a look may end in: `code` in a document "
                "that is answered with 200.",
                "\n".join(["| code | | what to do |", "|---|---|---|", *rows]),
                "What a photo may be refused or doubted with: `failure.code` and `quality.checks`. "
                "The thresholds are at `GET /v1/capture-guide`.",
                "\n".join(
                    [
                        "| code | what to do |",
                        "|---|---|",
                        *(f"| `{code}` | {_cell(hint)} |" for code, hint in photo.items()),
                    ]
                ),
            ]
        )


def _curl(method: str, path: str, operation: dict[str, Any], example: dict[str, Any]) -> str:
    shown = example.get("path", path)
    address, _, query = shown.partition("?")
    address = quote(address, safe="/{}-._~") + (f"?{query}" if query else "")
    lines = ["curl" + (f" -X {method.upper()}" if method != "get" else "") + f' "$API{address}"']
    if operation.get("security") != []:
        lines.append('-H "Authorization: Bearer $TOKEN"')
    if any(parameter["name"] == "Idempotency-Key" for parameter in operation.get("parameters", ())):
        lines.append('-H "Idempotency-Key: 7f0c1b52"')
    if "request" in example:
        lines.append("-H 'Content-Type: application/json'")
        lines.append("-d '" + _readable(example["request"]).replace("'", "'\\''") + "'")
    return " \\\n  ".join(lines)


def _readable(value: Any, indent: str = "") -> str:
    """JSON, with what fits on a line on one line."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(flat) <= WIDTH or not isinstance(value, dict | list) or not value:
        return flat
    deeper = indent + "  "
    if isinstance(value, dict):
        inner = [f"{json.dumps(key)}: {_readable(member, deeper)}" for key, member in value.items()]
        opening, closing = "{}"
    else:
        inner = [_readable(entry, deeper) for entry in value]
        opening, closing = "[]"
    return f"{opening}\n{deeper}" + f",\n{deeper}".join(inner) + f"\n{indent}{closing}"


def _fenced(language: str, text: str) -> str:
    return f"```{language}\n{text}\n```"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _default(schema: dict[str, Any]) -> str:
    if schema.get("default") in (None, ""):
        return ""
    return f", default {json.dumps(schema['default'])}"


def _number(value: float) -> str:
    return f"{value:,g}".replace(",", " ")


def _range(low: float | None, high: float | None, unit: str = "") -> str:
    if low is not None and high is not None:
        return f"{_number(low)}{unit}" if low == high else f"{_number(low)}..{_number(high)}{unit}"
    if high is not None:
        return f"at most {_number(high)}{unit}"
    return f"at least {_number(low)}{unit}" if low is not None else ""


def render() -> str:
    """The page, from the committed document and examples."""
    recorded = json.loads(EXAMPLES.read_text()) if EXAMPLES.exists() else {}
    return re.sub(
        r"(?<![ \t])[ \t]+$",
        "",
        Page(json.loads(DOCUMENT.read_text()), recorded).render(),
        flags=re.MULTILINE,
    )


if __name__ == "__main__":
    PAGE.write_text(render())
