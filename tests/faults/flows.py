"""What a person does, from the first request to the last delivery: each is run with faults in it.

A flow first arranges what is there before (nothing goes wrong there), then acts, which is where
faults fall, and at last says what it wanted that is not so. What holds for every flow is in
invariants.py.
"""

import base64
import hashlib
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from tests.faults import reading
from tests.faults.calls import died_before
from tests.faults.deployment import OTHER, USER
from tests.faults.world import START, World

ALL: Final = ["skincare", "makeup", "outfit"]
GARMENTS: Final = (
    ("top", "#224488"),
    ("bottom", "#222222"),
    ("shoes", "#553311"),
    ("top", "#ffffff"),
    ("full_body", "#882244"),
)
LOOK: Final = {"products": [{"item_id": "b1"}, {"category": "blush", "hex": "#cc6677"}]}
SETTLED: Final = timedelta(minutes=20)


@dataclass(frozen=True, slots=True)
class Flow:
    """One flow. ends: the status its analyses end in without a fault; erases: its user as well.

    crowded: many things at once, for outages; its calls are those of the other flows. needs: the
    route without which there is no such flow. keyless: a start that the phone repeats is another
    one; the first, which gets no photo, expires.
    """

    name: str
    arrange: Callable[[World], None]
    act: Callable[[World], None]
    wanted: Callable[[World], Iterator[str]]
    ends: str = "completed"
    erases: bool = False
    crowded: bool = False
    needs: str = ""
    keyless: bool = False


GARMENT_UPLOAD = re.compile(r"garments/[^?]+")


def nothing(world: World) -> None:
    """Nothing is there before."""


def no_wish(world: World) -> Iterator[str]:
    """Nothing is wanted but what every flow wants."""
    return iter(())


# --- what a phone does ---------------------------------------------------------------------------


def photo_of(photo: bytes) -> dict[str, Any]:
    """What is said of a photo before it is sent."""
    return {
        "content_type": "image/jpeg",
        "content_length": len(photo),
        "checksum_sha256": base64.b64encode(hashlib.sha256(photo).digest()).decode(),
    }


def start(
    world: World, *photos: bytes, key: str | None = "start", user: str = USER, **wish: Any
) -> None:
    """Ask for an analysis; its id is `analysis` of the world's names."""
    told = [photo_of(photo) for photo in photos or (world.account.photos.portrait,)]
    of_photos = told[0] if len(told) == 1 else {"photos": told}
    body = {"consent_version": "2026-11", "wants": ["skincare"], **of_photos, **wish}
    status, answer = world.ask("POST", "/v1/analyses", body, key=key, user=user)
    if status == 201:
        world.names["analysis"] = answer["analysis_id"]


def upload(world: World, *photos: bytes, user: str = USER) -> None:
    """Send the photos of the analysis."""
    if analysis_id := world.names.get("analysis"):
        for number, photo in enumerate(photos or (world.account.photos.portrait,)):
            suffix = f".{number}" if number else ""
            world.put(world.account.uploads, f"faces/{user}/{analysis_id}{suffix}", photo)


def analysed(world: World, **wish: Any) -> None:
    """An analysis from its start to its end."""
    start(world, **wish)
    upload(world)
    world.settle()


def path_of(world: World, below: str = "") -> str:
    """The analysis' address."""
    return f"/v1/analyses/{world.names.get('analysis', '0' * 26)}{below}"


def belongings(world: World) -> None:
    """Five garments, a lipstick and a profile."""
    for number, (slot, colour) in enumerate(GARMENTS):
        garment = {"category": slot, "slot": slot, "formality": 2, "warmth": 2}
        garment["colours"] = [{"hex": colour, "share": 1.0}]
        world.ask("PUT", f"/v1/wardrobe/g{number}", garment)
    lipstick = {"name": "Red lip", "category": "lip", "shade": "#aa2233"}
    world.ask("PUT", "/v1/bag/b1", lipstick)
    world.ask("PUT", "/v1/profile", {"skin_type": "oily", "allergies": ["fragrance"]})


def garment_wish(photo: bytes) -> dict[str, Any]:
    """A shirt whose colours are to be read off its photo."""
    told = {"category": "shirt", "slot": "top", "formality": 2, "warmth": 2}
    return {**told, "photo": photo_of(photo)}


def add_garment(world: World) -> None:
    """A garment with its photo; its id is `garment` of the world's names."""
    photo = world.account.photos.shirt
    status, answer = world.ask("POST", "/v1/wardrobe", garment_wish(photo), key="garment")
    if status == 201:
        world.names["garment"] = answer["item_id"]
        world.names["garment upload"] = GARMENT_UPLOAD.findall(answer["upload_url"])[0]
        upload_garment(world, photo)


def upload_garment(world: World, photo: bytes) -> None:
    """Send the photo of the garment."""
    world.put(world.account.uploads, world.names["garment upload"], photo)


def with_belongings(*wants: str) -> Callable[[World], None]:
    """Somebody with things of their own, and a finished analysis."""

    def arrange(world: World) -> None:
        belongings(world)
        analysed(world, wants=list(wants))

    return arrange


def everything(world: World) -> None:
    """Somebody of whom there is one of everything."""
    with_belongings(*ALL)(world)
    ask_for_look(world)
    add_garment(world)
    world.ask("GET", path_of(world, "/overlays/redness"))
    told = {"analysis_id": world.names["analysis"], "kind": "skincare", "rating": 4}
    world.ask("POST", "/v1/feedback", told, key="feedback")
    world.settle()


# --- flows ---------------------------------------------------------------------------------------


def analyse(world: World) -> None:
    analysed(world, wants=ALL)


def read(world: World) -> Iterator[str]:
    status, _ = world.http("GET", path_of(world))
    if status != 200:
        yield f"the analysis is answered with {status}"
    if (many := len(reading.statuses())) != 1:
        yield f"{many} analyses of one key"


def analyse_without_key(world: World) -> None:
    analysed(world, key=None)


def one_completed(world: World) -> Iterator[str]:
    if (many := list(reading.statuses().values()).count("completed")) != 1:
        yield f"{many} analyses are completed"


def analyse_several(world: World) -> None:
    photos = world.account.photos.portrait, world.account.photos.portrait_again
    start(world, *photos)
    upload(world, *photos)
    world.settle()


def reject(world: World) -> None:
    start(world, world.account.photos.no_face)
    upload(world, world.account.photos.no_face)
    world.settle()


def never_upload(world: World) -> None:
    start(world)
    world.settle()


def unheard(world: World) -> None:
    start(world)
    world.habits.silent = True
    upload(world)
    world.habits.silent = False


def settle(world: World) -> None:
    world.settle()


def ask_for_look(world: World) -> None:
    status, answer = world.ask("POST", path_of(world, "/looks"), LOOK, key="look")
    if status == 202:
        world.names["look"] = answer["look_id"]
    world.settle()


def ask_for_look_once(world: World) -> None:
    world.http("POST", path_of(world, "/looks"), LOOK)
    world.settle()


def one_look(world: World) -> Iterator[str]:
    _, answer = world.http("GET", "/v1/looks")
    if (many := len((answer or {}).get("looks", ()))) != 1:
        yield f"{many} looks of one key"


def delete_look(world: World) -> None:
    world.names["answer"], _ = world.ask("DELETE", f"/v1/looks/{world.names['look']}")
    world.settle(SETTLED)


def with_look(world: World) -> None:
    with_belongings("makeup")(world)
    ask_for_look(world)


def deleted(world: World) -> Iterator[str]:
    if (status := world.names.get("answer")) not in (204, 404):
        yield f"the deletion is answered with {status}"


def look_at_overlay(world: World) -> None:
    world.names["answer"], _ = world.ask("GET", path_of(world, "/overlays/redness"))
    world.ask("GET", path_of(world, "/overlays/redness"))
    world.settle(SETTLED)


def overlay_there(world: World) -> Iterator[str]:
    if (status := world.names["answer"]) not in (200, 422):
        yield f"the overlay is answered with {status}"


def new_garment(world: World) -> None:
    add_garment(world)
    world.settle(SETTLED)


def one_garment(world: World) -> Iterator[str]:
    _, answer = world.http("GET", "/v1/wardrobe")
    garments = (answer or {}).get("items", ())
    if len(garments) != 1:
        yield f"{len(garments)} garments of one key"
    if any(each["status"] == "ready" and not each.get("picture_url") for each in garments):
        yield "a garment without its picture"


def delete_garment(world: World) -> None:
    world.names["answer"], _ = world.ask("DELETE", f"/v1/wardrobe/{world.names['garment']}")
    world.settle(SETTLED)


def delete_garment_once(world: World) -> None:
    world.http("DELETE", f"/v1/wardrobe/{world.names['garment']}")
    world.settle(SETTLED)


def export(world: World) -> None:
    status, answer = world.ask("POST", "/v1/me/export", key="export")
    world.names |= {"answer": status, "export": (answer or {}).get("export_id")}
    world.settle()


def whole_export(world: World) -> Iterator[str]:
    if (status := world.names["answer"]) != 202:
        yield f"the export is answered with {status}"
        return
    _, told = world.http("GET", f"/v1/me/exports/{world.names['export']}")
    if told["status"] != "ready":
        yield f"the export is {told['status']}"
        return
    key = f"exports/{USER}/{world.names['export']}.zip"
    got = world.account.s3.get_object(Bucket=world.account.media, Key=key)["Body"].read()
    with zipfile.ZipFile(io.BytesIO(got)) as archive:
        if archive.testzip():
            yield "the export is no ZIP"
        names = archive.namelist()
    exported = sum(name.startswith(("pictures/", "uploads/")) for name in names)
    there = sum(not key.startswith("exports/") for _, key in reading.objects())
    if exported != there:
        yield "the export lacks pictures"


def erase(world: World) -> None:
    world.names["answer"], _ = world.ask("DELETE", "/v1/me")
    world.settle()


def erase_once(world: World) -> None:
    world.names["answer"], _ = world.http("DELETE", "/v1/me")
    world.settle()


def erased(world: World) -> Iterator[str]:
    status, _ = world.http("GET", "/v1/profile")
    if world.names["answer"] >= 500 and status == 200:
        return  # refused, and nothing was done
    status, told = world.http("DELETE", "/v1/me")
    if (told or {}).get("status") != "erased":
        yield f"the erasure is answered with {status} {(told or {}).get('status')}"


def delete_analysis(world: World) -> None:
    world.names["answer"], _ = world.ask("DELETE", path_of(world))
    world.settle()


def analysis_gone(world: World) -> Iterator[str]:
    yield from deleted(world)
    if reading.statuses():
        yield "the analysis is still there"


def waiting_for_upload(world: World) -> None:
    start(world)


def half_done(world: World) -> None:
    belongings(world)
    start(world, wants=ALL)
    upload(world)
    world.wait(1)
    world.tell_once()


def wear(world: World) -> None:
    told = {"analysis_id": world.names["analysis"], "kind": "outfit", "verdict": "worn"}
    world.ask("POST", "/v1/feedback", {**told, "item_ids": world.names["worn"]}, key="worn")
    world.settle(SETTLED)


def with_outfit(world: World) -> None:
    with_belongings("outfit")(world)
    _, document = world.http("GET", path_of(world))
    outfit = document["recommendations"]["outfit"]["outfits"][0]
    world.names["worn"] = [each["item_id"] for each in outfit["items"]]


def worn_once(world: World) -> Iterator[str]:
    if (many := len(list(reading.rows_of(USER, "FEEDBACK")))) != 1:
        yield f"{many} feedback of one key"
    for item_id in world.names["worn"]:
        _, garment = world.http("GET", f"/v1/wardrobe/{item_id}")
        if not (garment or {}).get("last_worn"):
            yield "a garment that was worn is not told so"


def kept(world: World) -> Iterator[str]:
    for path in ("/v1/bag/b1", "/v1/wardrobe/g0", "/v1/profile"):
        status, _ = world.http("GET", path)
        if status != 200:
            yield f"{path} is answered with {status}"


def look_around(world: World) -> None:
    world.names["answers"] = [
        world.ask("GET", path, query=query)[0]
        for path, query in (
            ("/v1/products", {"q": "cream"}),
            ("/v1/products/recommendations", {"condition": "acne"}),
            ("/v1/ingredients/avoid", {"q": "fragrance"}),
            ("/v1/analyses", None),
            ("/v1/me/usage", None),
            ("/v1/capture-guide", None),
            ("/v1/health/ready", None),
        )
    ]


def answered(world: World) -> Iterator[str]:
    if any(status >= 500 for status in world.names["answers"]):
        yield "a page is answered with a failure"


def just_rejected(world: World) -> None:
    start(world, world.account.photos.no_face)
    upload(world, world.account.photos.no_face)
    world.wait(1)
    world.tell_once()


def refuse_twice(world: World) -> None:
    world.account.receiver.answers[:] = [(503, {}), (503, {})]
    world.settle()


def told_of_the_end(world: World) -> Iterator[str]:
    if not world.account.receiver.got:
        yield "the webhook was never sent"


def at_midnight(world: World) -> None:
    """Two minutes are left of the day."""
    world.wait((START.replace(hour=23, minute=58) - world.now).total_seconds())


def lost(world: World) -> None:
    """An analysis whose advice was lost, since its worker died whenever it tried."""
    start(world)
    upload(world)
    with world.faulty(lambda call: died_before if call.verb == "recommend" else None):
        world.settle()


def retry(world: World) -> None:
    world.ask("POST", path_of(world, "/retry"), key="retry")
    world.settle()


def neighbours(world: World) -> None:
    """Two people with three analyses each, all of whose photos S3 has told nobody of yet."""
    world.habits.silent = True
    for number in range(3):
        for user in (USER, OTHER):
            start(world, key=f"start {number}", user=user, wants=["skincare", "makeup"])
            upload(world, user=user)
    world.habits.silent = False


def late_upload(world: World) -> None:
    """The URL has expired: the phone asks again with its key, and sends the photo later."""
    start(world)
    world.settle(timedelta(minutes=9))
    world.wait((START + timedelta(minutes=9) - world.now).total_seconds())
    start(world)
    world.settle(timedelta(minutes=6))
    world.wait((START + timedelta(minutes=15) - world.now).total_seconds())
    upload(world)
    world.settle()


def crowd(world: World) -> None:
    """Five analyses, a look, a garment, an export and somebody else's erasure, all just begun."""
    with_belongings("makeup")(world)
    world.http("POST", path_of(world, "/looks"), LOOK)
    add_garment(world)
    for number in range(5):
        start(world, key=f"start {number}", wants=["skincare", "makeup"])
        upload(world)
    _, answer = world.http("POST", "/v1/me/export")
    world.names["export"] = answer["export_id"]
    world.http("PUT", "/v1/profile", {"skin_type": "dry"}, user=OTHER)
    world.http("DELETE", "/v1/me", user=OTHER)


def all_done(world: World) -> Iterator[str]:
    _, told = world.http("GET", f"/v1/me/exports/{world.names['export']}")
    if told["status"] != "ready":
        yield f"the export is {told['status']}"
    _, told = world.http("DELETE", "/v1/me", user=OTHER)
    if told["status"] != "erased":
        yield f"somebody is still {told['status']}"
    yield from (f"left of an erased person: {each}" for each in reading.left_of(OTHER))


FLOWS: Final = {
    flow.name: flow
    for flow in (
        Flow("analyse", belongings, analyse, read),
        Flow("analyse_without_key", nothing, analyse_without_key, one_completed, keyless=True),
        Flow("analyse_several", nothing, analyse_several, read),
        Flow("reject", nothing, reject, read, ends="failed"),
        Flow("never_upload", nothing, never_upload, read, ends="expired"),
        Flow("unheard", unheard, settle, read),
        Flow("neighbours", neighbours, settle, no_wish, crowded=True),
        Flow("midnight", at_midnight, never_upload, read, ends="expired"),
        Flow("retry", lost, retry, read, needs="/v1/analyses/{analysis_id}/retry"),
        Flow("late_upload", nothing, late_upload, read),
        Flow("look", with_belongings("makeup"), ask_for_look, one_look),
        Flow("look_without_key", with_belongings("makeup"), ask_for_look_once, no_wish),
        Flow("delete_look", with_look, delete_look, deleted),
        Flow("overlay", with_belongings("skincare"), look_at_overlay, overlay_there),
        Flow("garment", nothing, new_garment, one_garment),
        Flow("delete_garment", new_garment, delete_garment, deleted),
        Flow("delete_garment_once", new_garment, delete_garment_once, no_wish),
        Flow("export", everything, export, whole_export),
        Flow("erase", everything, erase, erased, erases=True),
        Flow("erase_once", everything, erase_once, erased, erases=True),
        Flow("delete_awaiting", waiting_for_upload, delete_analysis, analysis_gone),
        Flow("delete_half_done", half_done, delete_analysis, analysis_gone),
        Flow("delete_completed", everything, delete_analysis, analysis_gone),
        Flow("delete_failed", reject, delete_analysis, analysis_gone, ends="failed"),
        Flow("feedback", with_outfit, wear, worn_once),
        Flow("belongings", nothing, belongings, kept),
        Flow("look_around", with_belongings("skincare"), look_around, answered),
        Flow("crowd", crowd, settle, all_done, crowded=True),
        Flow("webhook", just_rejected, refuse_twice, told_of_the_end, ends="failed"),
    )
}
