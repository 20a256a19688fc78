"""Overlays: drawn once on request, then only signed."""

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.integration.conftest import NAMES, USER, Stack


def ask(stack: Stack, analysis_id: str, concern: str) -> tuple[int, Any]:
    status, body, _ = stack.http(
        "overlay", "api_get_overlay.json", path=f"/v1/analyses/{analysis_id}/overlays/{concern}"
    )
    return status, body


def key_of(analysis_id: str, concern: str) -> str:
    return f"overlays/{USER}/{analysis_id}/{concern}.png"


@pytest.fixture
def analysed(stack: Stack, portrait: bytes) -> str:
    analysis_id = stack.start(portrait)
    stack.call("analyze", stack.uploaded(analysis_id))
    return analysis_id


def concerns_of(stack: Stack, analysis_id: str) -> dict[str, Any]:
    _, body, _ = stack.http("api", "api_get_analysis.json", path=f"/v1/analyses/{analysis_id}")
    return {concern["name"]: concern for concern in body["skin"]["concerns"]}


def test_an_overlay_lies_over_the_photo_with_its_legend(stack: Stack, analysed: str) -> None:
    measured = concerns_of(stack, analysed)["redness"]
    assert measured["overlay_url"] == f"/v1/analyses/{analysed}/overlays/redness"

    status, body = ask(stack, analysed, "redness")

    assert status == 200
    assert f"/{key_of(analysed, 'redness')}?" in body["url"]
    assert (body["measured"], body["unit"]) == (measured["measured"], measured["unit"])
    assert body["regions"]
    assert [entry["hex"] for entry in body["legend"]] == ["#0072b2", "#ffffff"]
    stored = stack.s3.get_object(Bucket=NAMES["MEDIA_BUCKET"], Key=key_of(analysed, "redness"))
    assert stored["ContentType"] == "image/png"
    picture = Image.open(BytesIO(stored["Body"].read()))
    assert (picture.mode, picture.size) == ("RGBA", (body["width"], body["height"]))
    pixels = np.asarray(picture)
    assert (pixels[..., 3] == 0).mean() > 0.7  # the photo shows through
    # The face is in the upper half, so the legend is at the bottom, on its dark panel.
    panel = pixels[-80:, :300]
    assert (panel[..., 3] > 200).mean() > 0.6
    assert (panel[..., :3].min(axis=2) > 200).any()
    blue = (pixels[..., 2] > 150) & (pixels[..., 0] < 60) & (pixels[..., 3] > 20)
    assert blue[80:200].any()


def test_the_second_call_draws_nothing(
    stack: Stack, analysed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ask(stack, analysed, "redness")[0] == 200
    stack.s3.delete_object(Bucket=NAMES["MEDIA_BUCKET"], Key=f"photos/{USER}/{analysed}.jpg")

    status, body = ask(stack, analysed, "redness")

    assert status == 200
    assert body["url"]
    assert ask(stack, analysed, "shine")[1]["code"] in ("photo_gone", "concern_not_measured")


def test_a_concern_nobody_measures_is_not_found(stack: Stack, analysed: str) -> None:
    status, problem = ask(stack, analysed, "freckles")

    assert (status, problem["code"]) == (404, "concern_not_found")
    assert "redness" in problem["detail"]


def test_a_concern_this_photo_does_not_carry_says_why(stack: Stack, analysed: str) -> None:
    pores = concerns_of(stack, analysed)["pores"]
    assert "overlay_url" not in pores

    status, problem = ask(stack, analysed, "pores")

    assert (status, problem["code"]) == (409, "concern_not_measured")
    assert problem["detail"] == pores["reason"]


def test_a_photo_that_is_gone_is_said(stack: Stack, analysed: str) -> None:
    stack.s3.delete_object(Bucket=NAMES["MEDIA_BUCKET"], Key=f"photos/{USER}/{analysed}.jpg")

    status, problem = ask(stack, analysed, "redness")

    assert (status, problem["code"]) == (404, "photo_gone")


def test_a_photo_without_its_face_is_said(stack: Stack, analysed: str) -> None:
    blank = BytesIO()
    Image.new("RGB", (600, 600), (128, 128, 128)).save(blank, "JPEG")
    key = f"photos/{USER}/{analysed}.jpg"
    stack.s3.put_object(Bucket=NAMES["MEDIA_BUCKET"], Key=key, Body=blank.getvalue())

    assert ask(stack, analysed, "redness")[1]["code"] == "face_not_found"


def test_an_overlay_needs_an_analysed_photo(stack: Stack, portrait: bytes) -> None:
    waiting = stack.start(portrait)

    assert ask(stack, waiting, "redness")[1]["code"] == "photo_not_ready"
    assert ask(stack, "01KAJ5Z8Q3XN7W2B4D6F8H0JKM", "redness")[1]["code"] == "analysis_not_found"
    assert ask(stack, waiting, "Redness!")[0] in (400, 404)


def test_somebody_elses_overlay_is_not_found(stack: Stack, analysed: str) -> None:
    status, problem, _ = stack.http(
        "overlay",
        "api_get_overlay.json",
        path=f"/v1/analyses/{analysed}/overlays/redness",
        claims={"sub": "another"},
    )

    assert (status, problem["code"]) == (404, "analysis_not_found")


def test_the_overlay_of_an_analysis_deleted_meanwhile_is_not_left(
    stack: Stack, analysed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    overlay = stack.function("overlay")
    draw = overlay.wiring.open_portrait

    def deleted_meanwhile(photo: bytes) -> Any:
        stack.table.delete_item(Key={"PK": f"USER#{USER}", "SK": f"ANALYSIS#{analysed}"})
        return draw(photo)

    monkeypatch.setattr(overlay.wiring, "open_portrait", deleted_meanwhile)

    assert ask(stack, analysed, "redness")[1]["code"] == "analysis_not_found"
    assert key_of(analysed, "redness") not in stack.keys("MEDIA_BUCKET")
