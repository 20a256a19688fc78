"""The built models against the tflite files they come from, and their model cards."""

import hashlib
import importlib.util
import json
import shutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import onnx
import pytest
from ai_edge_litert import schema_py_generated as tflite
from PIL import Image
from skimage.transform import resize

from facet.vision.face.models import FaceModels
from facet.vision.face.runtime import newest

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_models", ROOT / "layers/models/build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["build_models"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(params=["face_detector", "face_mesh"])
def source(request: pytest.FixtureRequest, build: ModuleType) -> Any:
    return next(source for source in build.SOURCES if source.name == request.param)


@pytest.fixture
def folder(source: Any, models_dir: Path) -> Path:
    return newest(models_dir / source.name)


def test_a_model_answers_as_its_tflite_original_does(
    build: ModuleType, source: Any, folder: Path
) -> None:
    original, model = source.original.read_bytes(), (folder / "model.onnx").read_bytes()
    assert build.largest_difference(source, original, model) < 1e-3


def test_a_model_answers_as_its_original_does_on_portraits(
    build: ModuleType, source: Any, folder: Path, faces: Path
) -> None:
    portraits = sorted((faces / "portraits").glob("*.jpg"))[:5]
    low, high = source.input_range
    side = 128 if source.name == "face_detector" else 192
    images = [
        low + (high - low) * resize(np.asarray(Image.open(path))[40:375], (side, side))  # type: ignore[no-untyped-call]
        for path in portraits
    ]
    original, model = source.original.read_bytes(), (folder / "model.onnx").read_bytes()
    worst = build.largest_difference(source, original, model, np.array(images, np.float32))
    assert worst < 1e-3


def test_the_same_wheel_gives_the_same_bytes(build: ModuleType, source: Any, folder: Path) -> None:
    converted = build.Converter.of(source, source.original.read_bytes()).convert()
    assert converted.SerializeToString(deterministic=True) == (folder / "model.onnx").read_bytes()


def test_a_model_card_says_what_the_model_is_and_where_it_came_from(
    build: ModuleType, source: Any, folder: Path
) -> None:
    card = json.loads((folder / "metadata.json").read_text())

    assert card["sha256"] == hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()
    assert card["source"]["file_sha256"] == hashlib.sha256(source.original.read_bytes()).hexdigest()
    package, version, wheel = build.requirement()
    assert (card["source"]["package"], card["version"]) == (package, version)
    assert card["source"]["wheel_sha256"] == wheel
    assert card["licence"] == "Apache-2.0"
    assert "Apache License" in (folder / "LICENSE").read_text()
    assert card["intended_use"]
    assert card["limits"]
    assert card["measured"]["largest_difference_from_tflite"] < build.TOLERANCE


def test_a_model_card_gives_the_shapes_of_the_file(folder: Path) -> None:
    card = json.loads((folder / "metadata.json").read_text())
    graph = onnx.load(folder / "model.onnx").graph

    def shapes(values: Any) -> dict[str, list[int]]:
        return {v.name: [d.dim_value for d in v.type.tensor_type.shape.dim] for v in values}

    assert shapes(graph.input) == {n: v["shape"] for n, v in card["input"].items()}
    assert shapes(graph.output) == {n: v["shape"] for n, v in card["output"].items()}


def test_a_model_uses_portable_operators_only(folder: Path) -> None:
    model = onnx.load(folder / "model.onnx")
    assert {node.domain for node in model.graph.node} == {""}
    assert {opset.domain for opset in model.opset_import} == {""}


def test_a_built_model_is_left_alone_and_a_damaged_one_is_not(
    build: ModuleType, source: Any, folder: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(folder, tmp_path / "model")
    assert build.is_built(source, copy)

    model = bytearray((copy / "model.onnx").read_bytes())
    model[1000] ^= 1
    (copy / "model.onnx").write_bytes(model)
    assert not build.is_built(source, copy)
    assert not build.is_built(source, tmp_path / "nothing")


def test_an_operator_without_a_conversion_stops_the_build(build: ModuleType, source: Any) -> None:
    converter = build.Converter.of(source, source.original.read_bytes())
    codes = converter.operator_codes
    codes[codes.index(tflite.BuiltinOperator.ADD)] = tflite.BuiltinOperator.SUB
    with pytest.raises(SystemExit, match="no conversion for SUB"):
        converter.convert()


def test_same_padding_puts_the_odd_pixel_last(build: ModuleType) -> None:
    assert build.same_padding(128, 5, 2) == (1, 2)
    assert build.same_padding(64, 3, 1) == (1, 1)
    assert build.same_padding(64, 2, 2) == (0, 0)


def test_the_newest_version_is_loaded_by_number(tmp_path: Path) -> None:
    for version in ("0.9.0", "0.10.21", "0.10.3"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "model.onnx").touch()
    (tmp_path / "1.0").mkdir()  # nothing in it yet

    assert newest(tmp_path).name == "0.10.21"


def test_a_missing_model_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="make models"):
        FaceModels.load(tmp_path)


def test_the_versions_are_those_of_the_cards(models: FaceModels, models_dir: Path) -> None:
    card = json.loads((newest(models_dir / "face_mesh") / "metadata.json").read_text())
    assert models.mesh_version == card["version"]
