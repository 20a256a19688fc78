"""What README.md and docs/ name is there: files, targets, parameters, routes, fields."""

import json
import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from facet.domain import advice, face, products, style, tone, trend
from facet.domain.account import Erasure
from facet.domain.analysis import Failure
from facet.domain.looks import WantedProduct
from facet.domain.narration import EnhancedAnalysis
from facet.domain.storage import NewPhoto, UploadTarget
from facet.services.ask_for_look import NewLook
from facet.services.draw_overlay import LegendEntry, OverlayDocument
from facet.services.export_account import ExportDocument
from facet.services.give_feedback import NewFeedback
from facet.services.keep_looks import LookDocument
from facet.services.keep_wardrobe import NewGarment, WardrobeItem
from facet.services.read_analysis import LookPicture, PhotoLinks, SkinOfPerson
from facet.services.read_history import PastAnalysis
from facet.services.start_analysis import (
    NewAnalysis,
    NewFacePhoto,
    PhotoUpload,
    StartedAnalysis,
)
from local.template import read_template

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "layers" / "shared" / "facet"
DOCUMENTS = [
    *(ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "CHANGELOG", "SECURITY")),
    *sorted((ROOT / "docs").glob("*.md")),
]
MAKEFILE = (ROOT / "Makefile").read_text()
# First parts of paths that no clone holds: what commands write, and keys of the buckets.
ELSEWHERE = {
    *(".demo", ".bench", ".local", ".venv", ".tools", ".aws-sam", "build"),
    *("faces", "photos", "thumbnails", "looks", "overlays", "catalogue"),
    *("image", "application"),
}
SWIFT: dict[str, type[BaseModel]] = {
    "Analysis": PastAnalysis,  # the document, and beside it what the history adds
    "Photo": PhotoLinks,
    "Failure": Failure,
    "Versions": face.Versions,
    "Check": face.Check,
    "PhotoOutcome": face.PhotoOutcome,
    "Quality": face.Quality,
    "Share": face.Share,
    "Pose": face.Pose,
    "Face": face.Face,
    "Skin": SkinOfPerson,
    "Prediction": face.Prediction,
    "Tone": face.Tone,
    "ToneOfPerson": tone.ToneOfPerson,
    "Monk": face.MonkShare,
    "Concern": face.Concern,
    "Region": face.Region,
    "NewAnalysis": NewAnalysis,
    "NewFacePhoto": NewFacePhoto,
    "StartedAnalysis": StartedAnalysis,
    "PhotoUpload": PhotoUpload,
    "Upload": UploadTarget,
    "Step": advice.Step,
    "Product": advice.ProductRef,
    "Reason": advice.Reason,
    "Stage": advice.RampStage,
    "Suggestion": advice.Suggestion,
    "Note": advice.Note,
    "Source": advice.Source,
    "EnhancedAnalysis": EnhancedAnalysis,
    "Trend": trend.Trend,
    "NoiseBand": trend.NoiseBand,
    "Comparison": trend.Comparison,
    "Overlay": OverlayDocument,
    "Entry": LegendEntry,
    "Look": style.Look,
    "LookStep": style.LookStep,
    "Outfit": style.Outfit,
    "Item": style.OutfitItem,
    "Profile": advice.Profile,
    "NewBagItem": products.BagDetails,
    "BagItem": products.BagItem,
    "NewGarment": NewGarment,
    "NewPhoto": NewPhoto,
    "Colour": style.GarmentColour,
    "WardrobeItem": WardrobeItem,
    "LookPicture": LookPicture,
    "NewLook": NewLook,
    "WantedProduct": WantedProduct,
    "SavedLook": LookDocument,
    "NewFeedback": NewFeedback,
    "Export": ExportDocument,
    "Erasure": Erasure,
}
SENT = {
    *(
        "NewAnalysis",
        "NewFacePhoto",
        "NewBagItem",
        "NewGarment",
        "NewPhoto",
        "NewLook",
        "WantedProduct",
    ),
    "NewFeedback",
}

every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)


def code_of(text: str) -> list[str]:
    """Code spans, and lines of shell blocks without their comments."""
    fences = re.findall(r"^```(\w*)\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    blocks = [block for language, block in fences if language in ("", "bash")]
    lines = [line.partition(" #")[0] for block in blocks for line in block.splitlines()]
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return lines + re.findall(r"`([^`]+)`", prose)


@every_document
def test_links_lead_somewhere(document: Path) -> None:
    text = document.read_text()
    links = re.findall(r"\]\(([^)#\s]+)", text) + re.findall(r'src(?:set)?="([^"]+)"', text)
    gone = [
        link
        for link in links
        if not link.startswith("https://") and not (document.parent / link).exists()
    ]
    assert not gone


@every_document
def test_files_named_are_there(document: Path) -> None:
    # A contributor's paths may start in the package, as CONTRIBUTING.md says.
    starts = (ROOT, PACKAGE) if document.name == "CONTRIBUTING.md" else (ROOT,)
    names = {
        name.rstrip("/")
        for code in code_of(document.read_text())
        for name in re.findall(r"(?<![\w/.$}@<-])\.?[\w-]+(?:/[\w.-]+)+/?", code)
    }
    gone = [
        name
        for name in names
        if name.partition("/")[0] not in ELSEWHERE
        and not name.startswith("layers/models/models")
        and not any((start / name).exists() for start in starts)
    ]
    assert not gone


@every_document
def test_make_can_make_what_is_named(document: Path) -> None:
    named = {
        word
        for code in code_of(document.read_text())
        for words in re.findall(r"\bmake((?: [a-z0-9]+)+)", code)
        for word in words.split()
    }
    targets = set(re.findall(r"^([a-z0-9]+):", MAKEFILE, flags=re.MULTILINE))
    assert named <= targets


@every_document
def test_variables_named_are_read(document: Path) -> None:
    codes = code_of(document.read_text())
    for code in codes:
        if code.startswith("make "):
            for name in re.findall(r"\b([A-Z]+)=", code):
                assert f"$({name})" in MAKEFILE
    readers = [MAKEFILE, *(path.read_text() for path in ROOT.glob("tests/**/conftest.py"))]
    for name in {code for code in codes if re.fullmatch(r"[A-Z]+_[A-Z_]+", code)}:
        assert any(re.search(rf"\b{name}\b", reader) for reader in readers), name


@every_document
def test_routes_named_are_in_the_contract(document: Path) -> None:
    contract = json.loads((PACKAGE / "routes" / "openapi.json").read_text())["paths"]
    routes = [re.sub(r"\{\w+\}", "[^/]+", path) for path in contract]
    named = set(re.findall(r"/v1/[\w$(){}./\\-]*\w[)}]?", document.read_text()))
    assert [path for path in named if not any(re.fullmatch(route, path) for route in routes)] == []


@every_document
def test_no_document_knows_one_machine(document: Path) -> None:
    assert not re.search(r"(?<![\w.}])/(?:home|root|work|Users|tmp)/", document.read_text())


def test_the_readme_has_the_template_s_parameters() -> None:
    template = read_template()
    table = (ROOT / "README.md").read_text().partition("| parameter |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| ([\w, ]+) \| ([^|]+) \|", table, flags=re.MULTILINE)
    listed = {
        name: default
        for names, defaults in rows
        for name, default in zip(names.split(", "), defaults.split(", "), strict=True)
    }
    assert listed == {
        name: str(parameter.get("Default", "to be named")) or "none"
        for name, parameter in template["Parameters"].items()
    }


def swift_structs(text: str) -> dict[str, dict[str, str]]:
    """name -> its own fields, snake case, with their types; nested structs stand for themselves."""
    text = re.sub(r"//.*", "", text)
    structs = {}
    for start in re.finditer(r"\bstruct (\w+)[^{\n]*\{", text):
        depth, end = 1, start.end()
        while depth:
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        body = text[start.end() : end - 1]
        while "{" in body:
            body = re.sub(r"(?:struct \w+|init)[^{};]*\{[^{}]*\}", "", body)
        fields = re.findall(r"\b(?:let|var) (\w+)(?:: ([^;=\n]+))?", body)
        structs[start[1]] = {
            re.sub(r"([A-Z])", r"_\1", field).lower(): kind.strip() for field, kind in fields
        }
    return structs


@pytest.mark.parametrize("name", SWIFT)
def test_a_swift_struct_is_the_contract_s(name: str) -> None:
    fields = swift_structs((ROOT / "docs" / "ios.md").read_text())[name]
    contract = SWIFT[name].model_fields
    assert fields
    assert set(fields) <= set(contract)
    required = {field for field, info in contract.items() if info.is_required()}
    if name in SENT:
        assert required <= set(fields)
    else:  # what is received: only what is always sent may be taken for granted
        assert {field for field, kind in fields.items() if not kind.endswith("?")} <= required


def test_the_decisions_are_all_in_their_table_of_contents() -> None:
    text = (ROOT / "docs" / "decisions.md").read_text()
    titles = re.findall(r"^###? (.+)$", text, re.MULTILINE)
    listed = re.findall(r"^ *- \[(.+)\]\(#(.+)\)$", text, re.MULTILINE)
    anchors = [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles]
    assert listed == list(zip(titles, anchors, strict=True))
