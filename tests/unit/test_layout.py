"""Arrows point one way: functions -> routes -> services -> vision, advice -> catalogue -> domain.

http and adapters stand beside them on domain; wiring makes adapters for functions and routes. In
vision: drawing -> skin -> face -> photo. In advice: words -> advisers -> skincare, makeup and
outfit -> what these share.

Colour maths and sentences stand beside the rooms: several use them, they use none. The domain says
sentences too: its errors are what people read.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "layers" / "shared" / "facet"
# What the three advisers have in common, the words for a reading too. None sees another's rooms,
# but for the one question whether a thing in the bag is make-up, which skincare then leaves without
# a word.
ADVISERS_SHARE = {
    *(f"advice.{name}" for name in ("answer", "harmony", "occasions", "owned", "ranking")),
    *("advice.allergies", "advice.makeup.read", "advice.words.telling"),
}
ADVISERS = ("skincare", "makeup", "outfit")
MAY_IMPORT = {
    "domain": {"domain", "saying"},
    "colour": set(),
    "saying": set(),
    "stages": set(),
    "logs": set(),
    "vision": {"vision", "colour", "saying", "stages", "domain"},
    "vision.photo": {"vision.photo", "colour", "saying", "domain"},
    "vision.face": {"vision.face", "vision.photo", "colour", "saying", "domain"},
    "vision.skin": {"vision.skin", "vision.face", "vision.photo", "colour", "saying", "domain"},
    "catalogue": {"catalogue", "colour", "saying", "domain"},
    "advice": {"advice", "catalogue", "colour", "saying", "domain"},
    **{
        f"advice.{adviser}": {f"advice.{adviser}", *ADVISERS_SHARE, "catalogue", "colour"}
        | {"saying", "domain"}
        for adviser in ADVISERS
    },
    "advice.allergies": {"catalogue", "saying", "domain"},
    "advice.answer": {"domain"},
    "advice.harmony": {"colour", "domain"},
    "advice.occasions": {"catalogue", "saying"},
    "advice.owned": {"advice.answer", "catalogue", "saying", "domain"},
    "advice.ranking": {"domain"},
    "advice.learning": {"advice.ranking", "catalogue", "domain"},
    "advice.advice_facts": {"advice.allergies", "domain", "saying"},
    "advice.advisers": {*(f"advice.{adviser}" for adviser in ADVISERS), "advice.ranking"}
    | {"advice.advice_facts", "catalogue", "domain"},
    "advice.words.telling": {"saying", "domain"},
    "advice.words": {"advice.words", "advice.advisers", "advice.advice_facts", "advice.occasions"}
    | {"catalogue", "saying", "domain"},
    "services": {"services", "vision", "advice", "catalogue", "saying", "domain"},
    "adapters": {"adapters", "logs", "saying", "stages", "domain"},
    "http": {"http", "saying", "domain"},
    "wiring": {"adapters", "http", "services", "vision", "advice", "catalogue", "domain"},
    "worker": {"adapters", "stages"},
    "routes": {"routes", "wiring", "http", "services", "vision.photo", "catalogue", "domain"},
    "cli": {"cli", "adapters", "services", "vision", "advice", "catalogue", "saying", "domain"},
}
# What an app.py may import: a room, or of adapters the modules that are no client of AWS.
FUNCTIONS_MAY_IMPORT = {
    *("wiring", "worker", "routes", "http", "services", "domain"),
    *("adapters.settings", "adapters.tracing", "adapters.webhook"),
}
ONLY_IN = {
    "boto3": {"adapters"},
    "botocore": {"adapters", "cli"},
    "PIL": {"vision"},
    "pillow_heif": {"vision"},
    "onnxruntime": {"vision"},
    "numpy": {"colour", "vision", "catalogue", "advice"},
    "opentelemetry": {"adapters"},
    "aws_lambda_powertools": {"adapters", "http", "routes", "worker", "functions"},
}
MOST_LINES = 60  # of an app.py


def imports_of(path: Path) -> Iterator[str]:
    """Names of the modules that a file imports, however late and however spelt."""
    package = path.relative_to(PACKAGE.parent if PACKAGE in path.parents else ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*above, *([node.module] if node.module else [])])
            yield from (
                f"{module}.{alias.name}" if is_package(module) else module for alias in node.names
            )


def is_package(module: str) -> bool:
    """Whether what is imported from a module of facet are modules themselves."""
    return (PACKAGE.parent / module.replace(".", "/")).is_dir()


def may_import(name: str, allowed: set[str]) -> bool:
    """Whether a module of facet lies in one of these rooms, or rooms of rooms."""
    inside = name.removeprefix("facet.")
    return any(inside == room or inside.startswith(f"{room}.") for room in allowed)


def modules() -> list[tuple[str, Path]]:
    return [
        (room, path)
        for room in MAY_IMPORT
        for place in [room.replace(".", "/")]
        for path in [*(PACKAGE / place).rglob("*.py"), *PACKAGE.glob(f"{place}.py")]
    ]


@pytest.mark.parametrize(
    ("room", "path"), modules(), ids=lambda value: getattr(value, "name", value)
)
def test_no_arrow_runs_backwards(room: str, path: Path) -> None:
    for name in imports_of(path):
        if name.startswith("facet."):
            assert may_import(name, MAY_IMPORT[room]), f"{path.name} imports {name}"
        top, floor = name.split(".")[0], room.split(".", maxsplit=1)[0]
        assert floor in ONLY_IN.get(top, {floor}), f"{path.name} imports {name}"


def test_the_domain_needs_nothing_but_pydantic() -> None:
    outside = {
        name.split(".")[0]
        for path in (PACKAGE / "domain").rglob("*.py")
        for name in imports_of(path)
    } - set(sys.stdlib_module_names)
    assert outside <= {"facet", "pydantic"}


def test_every_room_has_a_row() -> None:
    rooms = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert rooms - {"__init__", "__pycache__", "sentences"} == {
        room for room in MAY_IMPORT if "." not in room
    }


def test_what_lies_beside_the_advisers_has_a_row() -> None:
    modules_there = {f"advice.{path.stem}" for path in (PACKAGE / "advice").glob("*.py")}
    assert modules_there - {"advice.__init__"} <= set(MAY_IMPORT)


def test_a_relative_import_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "facet"
    module = package / "domain" / "face.py"
    module.parent.mkdir(parents=True)
    module.write_text(
        "from .base import Part\nfrom .. import vision\nfrom ..http.caller import x\n"
    )
    monkeypatch.setitem(globals(), "PACKAGE", package)
    assert list(imports_of(module)) == ["facet.domain.base", "facet.vision", "facet.http.caller"]


def test_a_function_folder_holds_one_app() -> None:
    for folder in (ROOT / "functions").iterdir():
        code = {path.name for path in folder.glob("*.py")}
        assert code == {"app.py"}, folder


@pytest.mark.parametrize(
    "path", sorted((ROOT / "functions").glob("*/app.py")), ids=lambda path: path.parent.name
)
def test_an_app_is_settings_a_service_and_a_handler(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MOST_LINES
    for name in imports_of(path):
        if name.startswith("facet."):
            assert may_import(name, FUNCTIONS_MAY_IMPORT), name
        top = name.split(".")[0]
        assert "functions" in ONLY_IN.get(top, {"functions"}), name
