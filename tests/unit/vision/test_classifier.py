import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from PIL import Image

from facet.domain.errors import FacetError
from facet.vision.analyze import analyze_photo
from facet.vision.face.classifier import load_classifiers
from facet.vision.face.models import FaceModels, FoundFace
from facet.vision.photo.decode import encode_jpeg
from facet.vision.photo.gates import load_gates

CARD: dict[str, Any] = {
    "name": "acne",
    "task": "skin_classifier",
    "version": "2.1",
    "input_size": 32,
    "mean": [0.5, 0.5, 0.5],
    "std": [0.25, 0.25, 0.25],
    "labels": ["red", "green", "blue"],
}


def write_model(folder: Path, card: dict[str, Any] = CARD) -> Path:
    """A model whose logits are the mean of each channel of what it is given."""
    version: Path = folder / card["name"] / card["version"]
    version.mkdir(parents=True)
    shape = [1, 3, card["input_size"], card["input_size"]]
    graph = helper.make_graph(
        [
            helper.make_node("GlobalAveragePool", ["image"], ["pooled"]),
            helper.make_node("Flatten", ["pooled"], ["logits"]),
        ],
        "means",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, 3])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, version / "model.onnx")
    (version / "metadata.json").write_text(json.dumps(card))
    return version


def test_without_a_model_of_a_team_there_is_none(models_dir: Path) -> None:
    assert load_classifiers(models_dir) == ()


def test_a_model_is_fed_the_upright_face_normalised_as_its_card_says(
    tmp_path: Path, astronaut_face: FoundFace
) -> None:
    write_model(tmp_path)
    (classifier,) = load_classifiers(tmp_path)
    green = np.zeros((512, 512, 3), np.uint8)
    green[..., 1] = 255

    batch = classifier.preprocess(green, astronaut_face.mesh)
    answer = classifier.predict(green, astronaut_face.mesh)

    assert batch.shape == (1, 3, 32, 32)
    middle = batch[0, :, 16, 16]
    assert middle == pytest.approx([-2, 2, -2], abs=0.01)
    assert (answer.model, answer.version) == ("acne", "2.1")
    assert answer.labels[0].name == "green"
    assert sum(label.share for label in answer.labels) == pytest.approx(1, abs=0.002)


def test_the_newest_version_of_a_model_counts(tmp_path: Path) -> None:
    for version in ("2.1", "10.0", "9.9"):
        write_model(tmp_path, CARD | {"version": version})

    (classifier,) = load_classifiers(tmp_path)

    assert classifier.settings.version == "10.0"


def test_its_answer_stands_beside_the_measures_and_changes_none(
    tmp_path: Path, models_dir: Path, models: FaceModels, astronaut: np.ndarray
) -> None:
    for name in ("face_detector", "face_mesh"):
        (tmp_path / name).symlink_to(models_dir / name)
    write_model(tmp_path)
    photo = encode_jpeg(Image.fromarray(astronaut), 95)

    with_it = analyze_photo(photo, FaceModels.load(tmp_path), load_gates()).reading
    without = analyze_photo(photo, models, load_gates()).reading

    assert [
        (classification.model, classification.version) for classification in with_it.classifications
    ] == [("acne", "2.1")]
    assert with_it.model_copy(update={"classifications": ()}) == without


@pytest.mark.parametrize(
    "wrong",
    [
        {"labels": ["one", "two"]},
        {"labels": ["alone"]},
        {"input_size": 0},
        {"layout": "HWC"},
        {"layout": "NHWC"},
    ],
)
def test_a_card_that_does_not_fit_its_model_is_found_when_it_is_loaded(
    tmp_path: Path, wrong: dict[str, Any]
) -> None:
    (write_model(tmp_path) / "metadata.json").write_text(json.dumps(CARD | wrong))

    with pytest.raises(FacetError, match=r"metadata\.json|acne"):
        load_classifiers(tmp_path)
