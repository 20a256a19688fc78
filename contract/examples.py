"""Record one request and one answer of every call, for the document and docs/api.md.

`make examples` starts a local stack of its own, makes every call once and writes examples.json
beside this file. What differs from one run to the next (ids, times, signatures) is put into one
fixed shape, and long lists are cut to two: an example is to be read, and to come out the same.
"""

import base64
import hashlib
import json
import re
import time
from collections.abc import Callable
from typing import Any

from contract.openapi import EXAMPLES, operations
from facet.adapters.rows import pack
from facet.routes.document import DOCUMENT
from facet.saying import say
from facet.services.sweep import LOST
from local.demo import default_photo, own_samples
from local.phone import Answer, Phone, sign_in
from local.stack import ROOT, LocalStack

PATIENCE = 60  # seconds, for everything that is drawn or packed
SHOWN = 2  # of a long list
ULID = re.compile(r"\b01[0-9A-HJKMNP-TV-Z]{24}\b")
UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
HASH = re.compile(r"\b[0-9a-f]{16}\b")
SIGNED = re.compile(r"https?://[^/]+/([a-z0-9-]+)/([^?]+)\?.*", re.DOTALL)


def record() -> dict[str, dict[str, Any]]:
    """operationId -> {status, answer, request?, path}."""
    stack = LocalStack(home=ROOT / ".local" / "examples")
    try:
        stack.up()
        return _calls(sign_in(stack, "examples@example.com"), stack)
    finally:
        stack.stop()


class Tour:
    """Calls made by one user; the first answer of each is kept."""

    def __init__(self, phone: Phone) -> None:
        self.phone = phone
        self.examples: dict[str, dict[str, Any]] = {}
        document = json.loads(DOCUMENT.read_text())
        self._names = [
            (method.upper(), path, operation["operationId"])
            for path, method, operation in operations(document)
        ]

    def keep(self, method: str, path: str, answer: Answer, body: Any = None) -> Any:
        """The body of an answer; raises PipelineError for an error."""
        if answer.status >= 300:
            answer.expect(200)
        fits = [
            (_matches(template, path), name)
            for verb, template, name in self._names
            if verb == method and _matches(template, path)
        ]
        example = {"path": tidy(path), "status": answer.status}
        if body is not None:
            example["request"] = tidy(body, shown=len(str(body)))
        if answer.data:
            example["answer"] = tidy(answer.body)
        self.examples.setdefault(min(fits)[1], example)
        return answer.body

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """One call, kept."""
        return self.keep(method, path, self.phone.call(method, path, body), body)

    def until(self, path: str, done: Callable[[dict[str, Any]], bool]) -> Any:
        """The first answer that is done, kept. Raises TimeoutError."""
        deadline = time.monotonic() + PATIENCE
        while not done(self.phone.call("GET", path).expect(200)):
            if time.monotonic() > deadline:
                raise TimeoutError(path)
            time.sleep(0.5)
        return self.call("GET", path)


def _calls(phone: Phone, stack: LocalStack) -> dict[str, dict[str, Any]]:
    tour = Tour(phone)
    guides = ("/v1/capture-guide", "/v1/capability")
    for path in ("/v1/health/live", "/v1/health/ready", *guides, "/v1/me/usage"):
        tour.call("GET", path)
    _own(tour)
    analysis, result = _analyse(tour)
    look = _look(tour, analysis, result)
    _lose(stack, analysis.rpartition("/")[2])
    tour.call("POST", f"{analysis}/retry")
    tour.until(analysis, lambda now: now["status"] == "completed")
    tour.call("GET", "/v1/products?q=gentle%20cleanser&limit=2")
    tour.call("GET", "/v1/products/gel-cleanser-plain")
    tour.call("GET", "/v1/products/recommendations?condition=redness&limit=2")
    tour.call("GET", "/v1/ingredients/avoid?q=beeswax")
    export = tour.call("POST", "/v1/me/export")
    tour.until(f"/v1/me/exports/{export['export_id']}", lambda now: now["status"] != "pending")
    for gone in (look, "/v1/wardrobe/green-scarf", "/v1/bag/rosewood", analysis):
        tour.call("DELETE", gone)
    tour.call("DELETE", "/v1/me")
    return tour.examples


def _lose(stack: LocalStack, analysis_id: str) -> None:
    """Leave its advice on skin care as the sweep does where every message of it was lost."""
    lost = {"status": "failed", "code": LOST, "message": say(f"problem.{LOST}.detail")}
    table, rows = stack.outputs["TableName"], stack.client("dynamodb")
    for row in rows.scan(TableName=table, ProjectionExpression="PK, SK")["Items"]:
        if row["SK"]["S"] == f"RESULT#{analysis_id}#skincare":
            rows.update_item(
                TableName=table,
                Key=row,
                UpdateExpression="SET #result = :lost, lost = :true",
                ExpressionAttributeNames={"#result": "result"},
                ExpressionAttributeValues={
                    ":lost": {"B": pack(json.dumps(lost))},
                    ":true": {"BOOL": True},
                },
            )


def _own(tour: Tour) -> None:
    goals = ["redness", "dryness"]
    told = {"skin_type": "combination", "sensitive": True, "goals": goals, "budget": "mid"}
    tour.call("PUT", "/v1/profile", told)
    tour.call("GET", "/v1/profile")
    lipstick = {"name": "Rosewood", "category": "lip", "shade": "#a4565c", "finish": "satin"}
    tour.call("PUT", "/v1/bag/rosewood", lipstick)
    scarf = {
        "name": "Green scarf",
        "category": "scarf",
        "slot": "accessory",
        "formality": 2,
        "warmth": 3,
        "colours": [{"hex": "#2f6b4f", "share": 1.0}],
    }
    tour.call("POST", "/v1/wardrobe", scarf)
    tour.call("PUT", "/v1/wardrobe/green-scarf", scarf)
    own_samples(tour.phone)
    for place, item in (("bag", "rosewood"), ("wardrobe", "green-scarf")):
        tour.call("GET", f"/v1/{place}?limit=2")
        tour.call("GET", f"/v1/{place}/{item}")


def _analyse(tour: Tour) -> tuple[str, dict[str, Any]]:
    """(path of the analysis, its document)"""
    photo = default_photo().read_bytes()
    wishes: dict[str, Any] = {
        "wants": ["skincare", "makeup", "outfit"],
        "goals": ["dryness"],
        "occasion": "dinner",
        "weather": {"temperature_c": 12.0},
    }
    sent = {
        "content_type": "image/jpeg",
        "content_length": len(photo),
        "checksum_sha256": base64.b64encode(hashlib.sha256(photo).digest()).decode(),
        "consent_version": "2026-11",
    }
    before = tour.phone.ask(photo, wants=["skincare"]).expect(201)  # for a trend to look back to
    tour.phone.upload(before, photo).expect(200)
    tour.phone.poll(before["analysis_id"])
    asked = tour.phone.ask(photo, **wishes)
    started = tour.keep("POST", "/v1/analyses", asked, sent | wishes)
    tour.phone.upload(started, photo).expect(200)
    path = f"/v1/analyses/{started['analysis_id']}"
    result = tour.until(
        path, lambda now: "poll_after_ms" not in now and "thumbnail_url" in now["photo"]
    )
    tour.call("GET", "/v1/analyses?limit=2")
    concerns = result["skin"]["concerns"]
    shown = next(concern["name"] for concern in concerns if "overlay_url" in concern)
    tour.call("GET", f"{path}/overlays/{shown}")
    return path, result


def _look(tour: Tour, analysis: str, result: dict[str, Any]) -> str:
    """The path of a look that was asked for."""
    look = {"name": "Rosewood lips", "products": [{"item_id": "rosewood", "intensity": 70}]}
    path = f"/v1/looks/{tour.call('POST', f'{analysis}/looks', look)['look_id']}"
    tour.until(path, lambda now: now["status"] != "rendering")
    tour.call("PUT", path, {"name": "Rosewood lips", "favourite": True})
    tour.call("GET", "/v1/looks?limit=2")
    worn = [
        garment["item_id"] for garment in result["recommendations"]["outfit"]["outfits"][0]["items"]
    ]
    verdict = {"analysis_id": result["analysis_id"], "kind": "outfit", "verdict": "worn"}
    tour.call("POST", "/v1/feedback", verdict | {"item_ids": worn, "rating": 5})
    return path


def _matches(template: str, path: str) -> int:
    """0 where a path is none of a template's, else 1 and how many of its parts are open."""
    asked, told = path.partition("?")[0].split("/"), template.split("/")
    fits = len(asked) == len(told) and all(
        segment == other or segment.startswith("{")
        for segment, other in zip(told, asked, strict=True)
    )
    return 1 + template.count("{") if fits else 0


def tidy(value: Any, shown: int = SHOWN) -> Any:
    """Ids, times and signatures in one shape; so many entries of a list that is not of numbers."""
    if isinstance(value, dict):
        return {name: tidy(field, shown) for name, field in value.items()}
    if isinstance(value, list):
        numbers = all(isinstance(entry, int | float) for entry in value)
        return [tidy(entry, shown) for entry in (value if numbers else value[:shown])]
    if not isinstance(value, str):
        return value
    value = SIGNED.sub(r"https://\1.s3.eu-central-1.amazonaws.com/\2?X-Amz-Signature=...", value)
    value = re.sub(r"facet-local-(uploads|media)-\d+-[a-z0-9-]+", r"facet-\1", value)
    value = ULID.sub("01KAJ8TN5T0Q9V6Y2XB3CM7DFG", value)
    value = UUID.sub("5f3d1c2a-0000-4000-8000-000000000001", value)
    value = MOMENT.sub("2026-11-21T09:30:00Z", value)
    return HASH.sub("48265c25cff34097", value)


if __name__ == "__main__":
    EXAMPLES.write_text(json.dumps(record(), indent=1, ensure_ascii=False) + "\n")
