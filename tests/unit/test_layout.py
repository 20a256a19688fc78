"""Arrows point one way: functions -> services -> vision, advice -> catalogue -> domain.

http and adapters stand beside them on domain. In vision: drawing -> skin -> face -> photo.

Colour maths and sentences stand beside the rooms: several use them, they use none.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "layers" / "shared" / "facet"
MAY_IMPORT = {
    "domain": {"domain"},
    "colour": set(),
    "saying": set(),
    "vision": {"vision", "colour", "saying", "domain"},
    "vision/photo": {"vision/photo", "colour", "saying", "domain"},
    "vision/face": {"vision/face", "vision/photo", "colour", "saying", "domain"},
    "vision/skin": {"vision/skin", "vision/face", "vision/photo", "colour", "saying", "domain"},
    "catalogue": {"catalogue", "colour", "saying", "domain"},
    "advice": {"advice", "catalogue", "colour", "saying", "domain"},
    "services": {"services", "vision", "advice", "catalogue", "saying", "domain"},
    "adapters": {"adapters", "saying", "domain"},
    "http": {"http", "saying", "domain"},
}
ONLY_IN = {
    "boto3": {"adapters"},
    "botocore": {"adapters"},
    "PIL": {"vision"},
    "pi_heif": {"vision"},
    "onnxruntime": {"vision"},
    "aws_lambda_powertools": {"adapters", "http"},
}


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (
                (f"facet.{alias.name}" for alias in node.names)
                if node.module == "facet"
                else (node.module,)
            )


def modules() -> list[tuple[str, Path]]:
    return [
        (room, path)
        for room in MAY_IMPORT
        for path in [*(PACKAGE / room).rglob("*.py"), *PACKAGE.glob(f"{room}.py")]
    ]


@pytest.mark.parametrize(
    ("room", "path"), modules(), ids=lambda value: getattr(value, "name", value)
)
def test_no_arrow_runs_backwards(room: str, path: Path) -> None:
    for name in imports_of(path):
        if name.startswith("facet."):
            # facet.vision.skin.tone lies in vision and in vision/skin.
            _, outer, *inner = name.split(".")
            rooms = {outer, "/".join([outer, *inner[:1]])}
            assert rooms & MAY_IMPORT[room], f"{path.name} imports {name}"
        top, floor = name.split(".")[0], room.split("/", maxsplit=1)[0]
        assert floor in ONLY_IN.get(top, {floor}), f"{path.name} imports {name}"


def test_the_domain_needs_nothing_but_pydantic() -> None:
    outside = {
        name.split(".")[0]
        for path in (PACKAGE / "domain").rglob("*.py")
        for name in imports_of(path)
    } - set(sys.stdlib_module_names)
    assert outside <= {"facet", "pydantic"}


def test_a_function_folder_holds_one_app() -> None:
    for folder in (ROOT / "functions").iterdir():
        code = {path.name for path in folder.glob("*.py")}
        assert code == {"app.py"}, folder
