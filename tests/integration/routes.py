"""Every call of the contract with the function that answers it: a new route is tested by itself."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contract.openapi import operations
from facet.routes.document import DOCUMENT
from local.template import read_template, routes_of
from tests.integration.conftest import Stack

EVENT = "api_get_usage.json"
type Answer = tuple[int, Any, dict[str, str]]


@dataclass(frozen=True)
class Route:
    """One call of openapi.json."""

    name: str
    verb: str  # of the function
    method: str
    path: str
    operation: Mapping[str, Any]

    @property
    def is_open(self) -> bool:
        """Whether it asks for no sign-in."""
        return self.operation.get("security") == []

    @property
    def body(self) -> Any:
        """The request of the document's example; None for a call that takes none."""
        content = self.operation.get("requestBody", {}).get("content", {})
        return content["application/json"]["example"] if content else None

    @property
    def queries(self) -> list[str]:
        """Names of what it takes behind the question mark."""
        return [p["name"] for p in self.operation.get("parameters", ()) if p["in"] == "query"]

    def required(self) -> dict[str, str]:
        """An example of each query parameter that it cannot do without."""
        return {
            parameter["name"]: parameter["schema"].get("enum", ["acne"])[0]
            for parameter in self.operation.get("parameters", ())
            if parameter["in"] == "query" and parameter.get("required")
        }

    def at(self, ids: Mapping[str, str]) -> str:
        """The path with these ids. Raises KeyError for a parameter that has none."""
        return re.sub(r"\{(\w+)\}", lambda found: ids[found[1]], self.path)

    def call(self, stack: Stack, ids: Mapping[str, str], **changes: Any) -> Answer:
        """Send it as the contract has it, but for `changes`, which are Stack.http's."""
        asked = {"path": self.at(ids), "body": self.body, "query": self.required()} | changes
        return stack.http(self.verb, EVENT, method=self.method, **asked)


def _routes() -> list[Route]:
    routes = routes_of(read_template())
    return [
        Route(
            operation["operationId"],
            routes[method, path][0].removesuffix("Function").lower(),
            method.upper(),
            path,
            operation,
        )
        for path, method, operation in operations(json.loads(DOCUMENT.read_text()))
    ]


ROUTES = _routes()
GUARDED = [route for route in ROUTES if not route.is_open]
# Ids that nobody has, for every parameter of a path.
NOBODYS = {
    "analysis_id": "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "look_id": "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "export_id": "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "item_id": "nobodys",
    "product_id": "nobodys",
    "concern": "redness",
}
