"""Who else may act while a function is between two calls of AWS: whole requests, whole events."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from tests.faults.flows import garment_wish, upload_garment
from tests.faults.world import World

RANK: Final = {"awaiting_upload": 0, "analyzing": 1, "recommending": 2}
ENDED: Final = 3


@dataclass(frozen=True, slots=True)
class Actor:
    """flows: those that it meets. harmless: the flow ends as it does without; erases: its user."""

    name: str
    act: Callable[[World], None]
    flows: tuple[str, ...]
    harmless: bool = False
    erases: bool = False


def first(world: World, path: str, listed: str, named: str) -> str | None:
    """Id of the first thing of a list, as the API has it."""
    status, answer = world.http("GET", path)
    found = answer.get(listed, ()) if status == 200 else ()
    return str(found[0][named]) if found else None


def analysis_of(world: World) -> str | None:
    """Id of the only analysis."""
    return first(world, "/v1/analyses", "analyses", "analysis_id")


# --- who may act ---------------------------------------------------------------------------------


def delete(world: World) -> None:
    """The person deletes the analysis."""
    if analysis_id := analysis_of(world):
        status, _ = world.http("DELETE", f"/v1/analyses/{analysis_id}")
        if status == 204:
            world.names["deleted"] = analysis_id


def erase(world: World) -> None:
    """The person asks to be erased, and is, where what runs now leaves time for it."""
    world.http("DELETE", "/v1/me")
    world.hurry()


def again(world: World) -> None:
    """What runs now is called a second time, beside itself."""
    running = world.running
    if "Records" in running.event or running.event["headers"].get("Idempotency-Key"):
        world.invoke(running.verb, running.event)


def others(world: World) -> None:
    """Everything else that is due is done."""
    world.deliver()


def sweep(world: World) -> None:
    """The sweep comes, with a clock that is 12 minutes fast."""
    world.tick(timedelta(minutes=12))


def late_sweep(world: World) -> None:
    """The sweep comes, with a clock that is half an hour fast."""
    world.tick(timedelta(minutes=30))


def look(world: World) -> None:
    """The person asks for another look."""
    if analysis_id := analysis_of(world):
        wish = {"products": [{"category": "blush", "hex": "#cc6677"}]}
        world.http("POST", f"/v1/analyses/{analysis_id}/looks", wish)


def delete_look(world: World) -> None:
    """The person deletes a look."""
    if look_id := first(world, "/v1/looks", "looks", "look_id"):
        world.http("DELETE", f"/v1/looks/{look_id}")


def export(world: World) -> None:
    """The person asks for an export."""
    world.http("POST", "/v1/me/export")


def new_photo(world: World) -> None:
    """The person sends another photo of the garment."""
    if item_id := first(world, "/v1/wardrobe", "items", "item_id"):
        photo = world.account.photos.other_shirt
        status, _ = world.http("PUT", f"/v1/wardrobe/{item_id}", garment_wish(photo))
        if status < 300:
            world.names.setdefault("garment", item_id)
            upload_garment(world, photo)


def other_words(world: World) -> None:
    """The person says something else of the garment."""
    if item_id := first(world, "/v1/wardrobe", "items", "item_id"):
        told = {"category": "blouse", "slot": "top", "formality": 3, "warmth": 3}
        world.http("PUT", f"/v1/wardrobe/{item_id}", told)


def delete_garment(world: World) -> None:
    """The person takes a garment away."""
    if item_id := first(world, "/v1/wardrobe", "items", "item_id"):
        world.http("DELETE", f"/v1/wardrobe/{item_id}")


def poll(world: World) -> None:
    """The phone asks how far the analysis is; what it is told is never taken back."""
    if (analysis_id := analysis_of(world)) is None:
        return
    status, document = world.http("GET", f"/v1/analyses/{analysis_id}")
    told: list[str] = world.names.setdefault("polled", [])
    if status != 200:
        told.append(f"a poll is answered with {status}")
        return
    before: dict[str, Any] = world.names.setdefault("seen", {"rank": 0, "results": {}})
    rank = RANK.get(document["status"], ENDED)
    if rank < before["rank"]:
        told.append(f"a status went back to {document['status']}")
    results = {kind: json.dumps(told) for kind, told in document["recommendations"].items()}
    if any(results.get(kind) != result for kind, result in before["results"].items()):
        told.append("a result changed once it was seen")
    world.names["seen"] = {"rank": rank, "results": results}


STARTS: Final = ("analyse", "analyse_several", "reject")
DELETIONS: Final = ("delete_half_done", "delete_completed")
ACTORS: Final = {
    actor.name: actor
    for actor in (
        Actor(
            "delete",
            delete,
            (
                *(*STARTS, *DELETIONS, "never_upload", "unheard", "look", "overlay", "export"),
                *("delete_awaiting", "delete_look", "feedback"),
            ),
        ),
        Actor(
            "erase",
            erase,
            (
                *(*STARTS, *DELETIONS, "never_upload", "unheard", "look", "overlay", "garment"),
                *("export", "feedback"),
            ),
            erases=True,
        ),
        Actor(
            "again",
            again,
            (
                *(*STARTS, *DELETIONS, "unheard", "look", "garment", "export", "erase"),
                *("delete_awaiting", "delete_look", "feedback", "webhook"),
            ),
            harmless=True,
        ),
        Actor(
            "others",
            others,
            (*STARTS, *DELETIONS, "look", "delete_look", "garment", "erase"),
            harmless=True,
        ),
        Actor("sweep", sweep, (*STARTS, "delete_awaiting")),
        Actor("late_sweep", late_sweep, ("analyse", "never_upload", "garment", "look")),
        Actor("look", look, ("analyse", *DELETIONS, "export", "erase")),
        Actor("delete_look", delete_look, ("look",)),
        Actor("export", export, ("export", "erase", "analyse")),
        Actor("new_photo", new_photo, ("garment", "delete_garment")),
        Actor("other_words", other_words, ("garment",)),
        Actor("delete_garment", delete_garment, ("garment", "feedback")),
    )
}
POLLED: Final = ("analyse", "analyse_several", "reject", "never_upload", "unheard", "look")
