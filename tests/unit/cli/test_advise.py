import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from skimage import data

from facet.cli.main import main
from tests.unit.conftest import face_reading

RETINOL = {
    "item_id": "retinol",
    "name": "Night serum",
    "category": "serum",
    "ingredients": ["Aqua", "Retinol 0.3 %"],
}
SHIRT = {"item_id": "shirt", "category": "shirt", "slot": "top", "formality": 2, "warmth": 2}
JEANS = {**SHIRT, "item_id": "jeans", "category": "jeans", "slot": "bottom"}
BLUE = [{"hex": "#223355", "share": 1}]


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    Image.fromarray(data.astronaut()).save(folder / "face.jpg", quality=92)  # type: ignore[no-untyped-call]
    Image.fromarray(data.coffee()).save(folder / "coffee.png")  # type: ignore[no-untyped-call]
    return folder


@pytest.fixture
def advise(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Lines, texts or cases, -> (exit status, answers)."""

    def run(*lines: str | dict[str, Any]) -> tuple[int, list[dict[str, Any]]]:
        cases = tmp_path / "cases.jsonl"
        texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        cases.write_text("\n".join(texts), encoding="utf-8")
        status = main(["advise", "--json", str(cases)])
        shown = capsys.readouterr()
        assert shown.err == ""
        return status, [json.loads(line) for line in shown.out.splitlines()]

    return run


def failures(answers: list[dict[str, Any]]) -> list[str | None]:
    return [answer.get("failure", {}).get("code") for answer in answers]


def test_every_case_is_answered_in_its_line(advise: Any) -> None:
    status, (first, second) = advise({"bag": [RETINOL]}, "", {"wants": ["outfit", "skincare"]})

    assert status == 0
    assert first.keys() == second.keys() == {"recommendations", "enhanced_analysis"}
    assert list(second["recommendations"]) == ["outfit", "skincare"]
    assert second["enhanced_analysis"]["source"] == "templates"


def test_a_case_that_is_wrong_keeps_no_other_from_its_answer(advise: Any) -> None:
    status, answers = advise(
        "no json",
        "[1]",
        {"profile": {"colour": "green"}},
        {"bag": [{"item_id": "x", "name": "Something"}]},
        {"bag": [{"item_id": "x", "product_id": "no-such-product"}]},
        {"bag": [RETINOL, RETINOL]},
        {"wardrobe": [SHIRT]},
        {"feedback": [{"kind": "outfit", "verdict": "worn", "on": "2026-01-01"}]},
        {"today": "2026-01-01", "feedback": [{"kind": "outfit", "rating": 1, "on": "2026-02-01"}]},
        {"photo": "face.jpg", "analysis": {}},
        {"analysis": {"file": "face.jpg"}},
        {"photo": "nowhere.jpg"},
        {},
    )

    assert status == 2
    assert failures(answers) == [
        "not_json",
        "not_a_case",
        "invalid_request",
        "bag_item_incomplete",
        "product_not_found",
        "invalid_request",
        "colours_needed",
        "items_needed",
        "day_in_the_future",
        "invalid_request",
        "not_a_reading",
        "unreadable_file",
        None,
    ]
    assert answers[2]["failure"]["errors"] == [
        {"field": "profile.colour", "message": "Extra inputs are not permitted"}
    ]
    assert "retinol" in answers[5]["failure"]["message"]


def test_a_reading_that_was_stored_is_advised_on(advise: Any) -> None:
    reading = face_reading(blemishes=20.0).model_dump(mode="json", exclude_none=True)
    document = {"file": "face.jpg", "photo": {"width": 512, "height": 512}, **reading}
    rejected = {"file": "coffee.png", "failure": {"code": "no_face", "checks": []}}

    status, (seen, refused) = advise({"analysis": document}, {"analysis": rejected})

    assert status == 2
    assert "blemishes" in seen["enhanced_analysis"]["summary"]
    assert "no_face" in refused["failure"]["message"]


def test_a_photo_is_measured_and_a_rejected_one_says_why(advise: Any, photos: Path) -> None:
    status, (face, coffee) = advise(
        {"photo": str(photos / "face.jpg"), "reference": "white_paper", "wants": ["makeup"]},
        {"photo": str(photos / "coffee.png")},
    )

    assert status == 2
    assert face["recommendations"]["makeup"]["looks"]
    assert coffee["failure"]["code"] == "no_face"
    assert coffee["failure"]["checks"][0]["hint"]


def test_without_a_photo_make_up_alone_cannot_be_made(advise: Any) -> None:
    garments = [{**SHIRT, "colours": BLUE}, {**JEANS, "colours": BLUE}]
    status, (answer,) = advise({"wants": ["makeup", "outfit"], "wardrobe": garments})

    assert status == 0
    assert answer["recommendations"]["makeup"]["code"] == "reading_missing"
    (outfit,) = answer["recommendations"]["outfit"]["outfits"]
    assert {item["item_id"] for item in outfit["items"]} == {"shirt", "jeans"}


def test_a_garment_whose_photo_is_not_sent_is_worn_by_the_colours_told(advise: Any) -> None:
    photo = {"content_type": "image/jpeg", "content_length": 9, "checksum_sha256": "A" * 43 + "="}
    told = [{**SHIRT, "photo": photo}, {**JEANS, "colours": BLUE, "photo": photo}]

    _, (answer,) = advise({"wants": ["outfit"], "wardrobe": told})

    result = answer["recommendations"]["outfit"]
    notes = {note.get("item_id"): note["code"] for note in result["notes"]}
    assert notes["shirt"] == "garment_not_read"
    assert "jeans" not in notes


def test_a_file_that_is_not_there_is_one_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = tmp_path / "cases.jsonl"
    cases.write_text("{}")

    assert main(["advise", "--json", str(tmp_path / "missing"), str(cases)]) == 2

    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert failures(answers) == ["unreadable_file", None]


def test_standard_input_is_read_and_a_page_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    case = {"bag": [RETINOL], "profile": {"pregnancy": "pregnant"}, "goals": ["wrinkles"]}
    lines = json.dumps(case).encode() + b"\n\xff\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines)))

    assert main(["advise"]) == 2

    page = capsys.readouterr().out
    assert "stdin:1: advised" in page
    assert "[not_in_pregnancy retinol]" in page
    assert "stdin:2: not_json" in page


def test_a_page_tells_looks_and_outfits(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    garments = [{**SHIRT, "colours": BLUE}, {**JEANS, "colours": BLUE}]
    case = {"photo": str(photos / "face.jpg"), "wants": ["makeup", "outfit"], "wardrobe": garments}
    (tmp_path / "case").write_text(json.dumps(case))

    assert main(["advise", str(tmp_path / "case")]) == 0

    page = capsys.readouterr().out
    assert "\n  makeup: " in page
    assert "\n  look " in page
    assert "\n  outfit    shirt, jeans." in page


def test_a_built_catalogue_can_be_named(
    tmp_path: Path, snapshot: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "snapshot").write_bytes(snapshot)
    (tmp_path / "case").write_text("{}")
    case = str(tmp_path / "case")

    assert main(["advise", "--json", "--catalogue", str(tmp_path / "snapshot"), case]) == 0
    assert main(["advise", "--catalogue", str(tmp_path / "no-such"), case]) == 1
    assert "facet catalog build" in capsys.readouterr().err


def test_a_bug_in_one_case_does_not_end_the_others(
    advise: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("facet.services.advise_case.advise_case", broken)

    status, answers = advise({}, {})

    assert status == 2
    assert failures(answers) == ["internal_error", "internal_error"]
