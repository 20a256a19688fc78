"""The demo's report: each kind of advice is drawn, one it has no page for too."""

import json
import re
from pathlib import Path
from typing import Any

from facet.domain.analysis import Kind
from local.report import Pictures, render

ROOT = Path(__file__).parents[2]


def completed() -> dict[str, Any]:
    """The contract's example of a finished analysis."""
    examples = json.loads((ROOT / "contract" / "examples.json").read_text())
    return next(documents(examples))


def documents(node: Any) -> Any:
    """Every result document with advice in a tree of examples."""
    if isinstance(node, dict):
        if node.get("recommendations") and "quality" in node:
            yield node
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from documents(child)


def headings(document: dict[str, Any]) -> list[str]:
    return re.findall(r"<h2>(.*?)</h2>", render(document, {"total": 1.0}, Pictures()))


def test_every_kind_is_drawn_in_the_same_order() -> None:
    drawn = headings(completed())

    shown = [heading for heading in drawn if heading in ("Morning", "Looks", "Outfits")]
    assert shown == ["Morning", "Looks", "Outfits"]


def test_a_kind_without_a_page_of_its_own_is_drawn_with_its_notes() -> None:
    document = completed()
    document["recommendations"]["hair"] = {"status": "completed", "notes": [{"text": "Dry ends."}]}

    page = render(document, {"total": 1.0}, Pictures())

    assert "<h2>Hair</h2>" in page
    assert "Dry ends." in page


def test_a_kind_that_failed_says_why() -> None:
    document = completed()
    for kind in Kind:
        document["recommendations"][kind] = {"status": "failed", "message": f"No {kind}."}

    page = render(document, {"total": 1.0}, Pictures())

    assert all(f"No {kind}." in page for kind in Kind)


def test_what_photos_of_one_person_differ_by_is_noise() -> None:
    document = completed()
    concern = next(one for one in document["skin"]["concerns"] if one.get("score") is not None)
    concern["between_photos"] = 77.0

    page = render(document, {"total": 1.0}, Pictures())

    assert "less than 77 apart is noise" in page
