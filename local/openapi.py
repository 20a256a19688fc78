"""Write functions/api/openapi.json from the routes as the code declares them (`make openapi`)."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

from aws_lambda_powertools.event_handler.openapi.models import APIKey, APIKeyIn

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "functions" / "api" / "openapi.json"
OPEN_PATHS = ("/v1/health/live", "/v1/health/ready", "/v1/openapi.json")
DESCRIPTION = (
    "One selfie in, measured skin and tone and advice from what you own out. Ask for an upload, "
    "PUT the photo, poll until `status` is terminal. Cosmetic, not medical."
)


def function_module(verb: str) -> ModuleType:
    """functions/<verb>/app.py as a module; importing it reads no settings and opens no client."""
    path = ROOT / "functions" / verb / "app.py"
    spec = importlib.util.spec_from_file_location(f"functions.{verb}.app", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def openapi_document() -> dict[str, Any]:
    """The OpenAPI 3.1 document of the functions behind the API."""
    merged: dict[str, Any] = {}
    for verb in ("presign", "api"):
        part = function_module(verb).app.get_openapi_json_schema(
            title="Facet",
            version="1.0.0",
            description=DESCRIPTION,
            security_schemes={
                "cognito": APIKey(name="Authorization", in_=APIKeyIn.header, type_="apiKey")
            },
            security=[{"cognito": []}],
        )
        _merge(merged, json.loads(part))
    for path, operations in merged["paths"].items():
        for operation in operations.values():
            if path in OPEN_PATHS:
                operation["security"] = []  # declared on the route, but Powertools drops it
            operation["responses"].pop("422", None)  # Powertools' default; ours is a 400 problem
    for unused in ("HTTPValidationError", "ValidationError", "ResponseValidationError"):
        merged["components"]["schemas"].pop(unused, None)
    return merged


def _merge(into: dict[str, Any], other: dict[str, Any]) -> None:
    for key, value in other.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value


if __name__ == "__main__":
    DOCUMENT.write_text(json.dumps(openapi_document(), indent=1, sort_keys=True) + "\n")
