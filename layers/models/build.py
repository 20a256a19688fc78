"""Builds the two face models: mediapipe's tflite files, rewritten as ONNX, with their model cards.

`python layers/models/build.py` writes layers/models/models/<name>/<version>/ with model.onnx,
metadata.json (the model card) and LICENSE, and keeps the tflite originals in build/models for the
tests. The wheel is fetched with pip and checked against the hash in requirements.txt. A second run
sees from the hashes that nothing changed and returns.

The graph keeps tflite's inputs and outputs (NHWC) and runs NCHW inside. It holds plain ONNX
operators only: onnxruntime's own optimisation happens when a session loads, because its result
differs between x86_64 and arm64.
"""

from __future__ import annotations

import hashlib
import json
import math
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import skimage.data
from ai_edge_litert import schema_py_generated as tflite
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

HERE = Path(__file__).resolve().parent
OUTPUT = HERE / "models"
ORIGINALS = HERE.parents[1] / "build" / "models"
REQUIREMENTS = HERE / "requirements.txt"
OPSET, IR_VERSION = 17, 8
# A converted model further than this from the tflite interpreter is not written.
TOLERANCE = 1e-3

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Source:
    """One tflite file in the wheel and what its model card says."""

    name: str
    file: str
    # tflite tensor order -> ONNX output name and shape
    outputs: dict[str, tuple[int, ...]]
    input_range: tuple[float, float]
    card: dict[str, Any]

    @property
    def original(self) -> Path:
        return ORIGINALS / Path(self.file).name


SOURCES = (
    Source(
        name="face_detector",
        file="mediapipe/modules/face_detection/face_detection_short_range.tflite",
        outputs={"regressors": (1, 896, 16), "classificators": (1, 896, 1)},
        input_range=(-1.0, 1.0),
        card={
            "title": "BlazeFace short range: faces and six key points",
            "output_meaning": {
                "regressors": "per anchor, in pixels of the 128 px input and relative to the "
                "anchor's centre: x, y, width, height, then x, y of right eye, left eye, nose tip, "
                "mouth centre, right ear, left ear (the subject's right)",
                "classificators": "per anchor, face logit",
            },
            "anchors": "896 centres (x + 0.5) / grid, row by row: 16x16 with 2 each, 8x8 with 6",
            "intended_use": "Finding the faces of a selfie, and where to crop each for the mesh.",
            "evaluation": {
                "source": "60 frontal portraits, 34 close-ups, 7 groups, read by facet.vision",
                "portraits_found": "60 of 60, no false face",
                "groups_counted_right": "7 of 7, 2 to 12 faces (with tiles)",
                "box_off_mediapipe": "0.10 % of the eye distance on portraits, 0.14 % on close-ups "
                "(largest side, mean over photos)",
            },
            "limits": [
                "A face box below about a tenth of the picture's longer side is missed: "
                "search tiles.",
                "A cat and the back of a head score up to 0.5: judge by the mesh's presence.",
                "An upside-down face is found, but its mesh is wrong.",
            ],
        },
    ),
    Source(
        name="face_mesh",
        file="mediapipe/modules/face_landmark/face_landmark.tflite",
        outputs={"landmarks": (1, 468, 3), "presence": (1, 1)},
        input_range=(0.0, 1.0),
        card={
            "title": "Face mesh: 468 landmarks of one cropped face",
            "output_meaning": {
                "landmarks": "x, y in pixels of the 192 px crop; z on the same scale, zero near "
                "the face's middle and smaller towards the camera",
                "presence": "logit that the crop holds a face",
            },
            "intended_use": "Placing landmarks on one upright, cropped face for cosmetic measures.",
            "evaluation": {
                "source": "60 frontal portraits, 33 close-ups, read by facet.vision; mean distance "
                "of a landmark in % of the distance between the outer eye corners",
                "one_pass_off_mediapipe_static": "0.055 on portraits, 0.20 on close-ups",  # nosec B105 one_pass
                "two_passes_off_mediapipe_tracking": "0.054 and 0.15 with its own upright crop; "
                "0.32 and 0.67 with the turned crop facet.vision takes",
                "moved_by_shifting_the_photo": "one pass 0.73, two passes 0.38",
                "moved_by_tilting_the_photo_30_degrees": "one pass 1.55, two passes 0.74",
            },
            "limits": [
                "Hidden parts (profile, hand, mask) are guessed, not seen.",
                "Sunglasses do not lower the presence flag.",
                "z is learnt from a 3D model fitted to pictures: relative, never metric.",
                "Not for identification, age, gender, emotion, or anything medical.",
            ],
        },
    ),
)


# --- tflite -> ONNX


def enum_names(enum: type) -> dict[int, str]:
    return {value: name for name, value in vars(enum).items() if isinstance(value, int)}


OPERATORS = enum_names(tflite.BuiltinOperator)
ELEMENT_TYPES: dict[int, np.dtype[Any]] = {
    tflite.TensorType.FLOAT32: np.dtype("<f4"),
    tflite.TensorType.FLOAT16: np.dtype("<f2"),
    tflite.TensorType.INT32: np.dtype("<i4"),
}


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """tflite's SAME: the odd pixel goes to the end."""
    total = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


@dataclass
class Converter:
    """Walks a tflite graph once and collects ONNX nodes and weights."""

    source: Source
    graph: Any
    buffers: Any
    operator_codes: list[int]
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    weights: dict[str, NDArray[Any]] = field(default_factory=dict)
    constants: dict[int, NDArray[Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, source: Source, data: bytes) -> Converter:
        model = tflite.ModelT.InitFromPackedBuf(data, 0)
        (graph,) = model.subgraphs
        # The deprecated byte-sized field holds the code of operators that fit in it.
        codes = [max(c.builtinCode, c.deprecatedBuiltinCode) for c in model.operatorCodes]
        return cls(source, graph, model.buffers, codes)

    def convert(self) -> onnx.ModelProto:
        for index, tensor in enumerate(self.graph.tensors):
            data = self.buffers[tensor.buffer].data
            if data is not None and len(data):
                values = np.frombuffer(bytes(data), ELEMENT_TYPES[tensor.type])
                self.constants[index] = values.reshape(tensor.shape)

        (input_index,) = self.graph.inputs
        self.add("Transpose", ["image"], self.name(input_index), perm=[0, 3, 1, 2])
        emit: dict[str, Callable[[Any], None]] = {
            "DEQUANTIZE": self.dequantize,
            "CONV_2D": self.convolution,
            "DEPTHWISE_CONV_2D": self.convolution,
            "PRELU": self.prelu,
            "RELU": lambda op: self.same(op, "Relu"),
            "ADD": lambda op: self.same(op, "Add"),
            "MAX_POOL_2D": self.max_pool,
            "PAD": self.pad,
            "RESHAPE": self.reshape,
            "CONCATENATION": lambda op: self.same(op, "Concat", axis=op.builtinOptions.axis),
        }
        for op in self.graph.operators:
            operator = OPERATORS[self.operator_codes[op.opcodeIndex]]
            fused = getattr(op.builtinOptions, "fusedActivationFunction", 0)
            if operator not in emit or fused != tflite.ActivationFunctionType.NONE:
                raise SystemExit(
                    f"{self.source.name}: no conversion for {operator} (fused {fused})"
                )
            emit[operator](op)

        outputs = self.source.outputs
        for index, (name, shape) in zip(self.graph.outputs, outputs.items(), strict=True):
            self.shaped(self.name(index), name, shape)

        def info(name: str, shape: tuple[int, ...]) -> onnx.ValueInfoProto:
            return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

        graph = helper.make_graph(
            self.nodes,
            self.source.name,
            [info("image", self.shape(input_index))],
            [info(name, shape) for name, shape in outputs.items()],
            [numpy_helper.from_array(array, name) for name, array in self.weights.items()],
        )
        model = helper.make_model(
            graph,
            producer_name="facet",
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
        )
        onnx.checker.check_model(model, full_check=True)
        return model

    def name(self, index: int) -> str:
        return f"t{index}"

    def shape(self, index: int) -> tuple[int, ...]:
        return tuple(int(side) for side in self.graph.tensors[index].shape)

    def add(self, operator: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(operator, inputs, [output], output, **attributes))
        return output

    def weight(self, name: str, values: NDArray[Any]) -> str:
        self.weights[name] = np.ascontiguousarray(values)
        return name

    def same(self, op: Any, operator: str, **attributes: Any) -> None:
        inputs = [self.name(index) for index in op.inputs]
        self.add(operator, inputs, self.name(op.outputs[0]), **attributes)

    def dequantize(self, op: Any) -> None:
        self.constants[op.outputs[0]] = self.constants[op.inputs[0]].astype(np.float32)

    def window(self, op: Any, kernel: tuple[int, int]) -> dict[str, list[int]]:
        options = op.builtinOptions
        strides = (options.strideH, options.strideW)
        pads = [(0, 0), (0, 0)]
        if options.padding == tflite.Padding.SAME:
            sides = self.shape(op.inputs[0])[1:3]
            pads = [same_padding(*axis) for axis in zip(sides, kernel, strides, strict=True)]
        (top, bottom), (left, right) = pads
        return {
            "kernel_shape": list(kernel),
            "strides": list(strides),
            "pads": [top, left, bottom, right],
        }

    def convolution(self, op: Any) -> None:
        source, weights, bias = op.inputs
        # (out, kh, kw, in), depthwise (1, kh, kw, channels); ONNX wants (out, in / group, kh, kw).
        kernel = self.constants[weights]
        depthwise = OPERATORS[self.operator_codes[op.opcodeIndex]] == "DEPTHWISE_CONV_2D"
        output = self.name(op.outputs[0])
        self.add(
            "Conv",
            [
                self.name(source),
                self.weight(
                    f"{output}.w", kernel.transpose((3, 0, 1, 2) if depthwise else (0, 3, 1, 2))
                ),
                self.weight(f"{output}.b", self.constants[bias]),
            ],
            output,
            group=kernel.shape[3] if depthwise else 1,
            **self.window(op, kernel.shape[1:3]),
        )

    def prelu(self, op: Any) -> None:
        """PReLU(x) = slope x + (1 - slope) max(x, 0), as two 1x1 depthwise convolutions.

        onnxruntime's PRelu kernel leaves the blocked layout its convolutions use: one run of the
        mesh takes 2.3 ms this way and 4.9 with PRelu (x86_64, one thread; without that layout 5.6
        and 7.0).
        """
        source, output = self.name(op.inputs[0]), self.name(op.outputs[0])
        slope = self.constants[op.inputs[1]].reshape(-1, 1, 1, 1)
        group = len(slope)
        positive = self.add("Relu", [source], f"{output}.relu")
        scaled = [
            self.add("Conv", [x, self.weight(f"{y}.w", w)], y, group=group, kernel_shape=[1, 1])
            for x, y, w in (
                (source, f"{output}.slope", slope),
                (positive, f"{output}.rest", 1 - slope),
            )
        ]
        self.add("Add", scaled, output)

    def max_pool(self, op: Any) -> None:
        options = op.builtinOptions
        window = self.window(op, (options.filterHeight, options.filterWidth))
        self.add("MaxPool", [self.name(op.inputs[0])], self.name(op.outputs[0]), **window)

    def pad(self, op: Any) -> None:
        output = self.name(op.outputs[0])
        # rows: n, h, w, c; columns: before, after
        pads = self.constants[op.inputs[1]][[0, 3, 1, 2]].T.reshape(-1).astype(np.int64)
        self.add("Pad", [self.name(op.inputs[0]), self.weight(f"{output}.pads", pads)], output)

    def reshape(self, op: Any) -> None:
        output = op.outputs[0]
        self.shaped(
            self.name(op.inputs[0]), self.name(output), self.shape(output), channels_last=True
        )

    def shaped(
        self, source: str, output: str, shape: tuple[int, ...], *, channels_last: bool = False
    ) -> None:
        if channels_last:
            source = self.add("Transpose", [source], f"{output}.nhwc", perm=[0, 2, 3, 1])
        target = self.weight(f"{output}.shape", np.array(shape, np.int64))
        self.add("Reshape", [source, target], output)


# --- checking against tflite


def test_images(side: int, low: float, high: float) -> Floats:
    """(n, side, side, 3): noise, and crops of a real face (scikit-image's astronaut)."""
    noise = np.random.default_rng(0).random((4, side, side, 3), np.float32)
    astronaut: NDArray[np.uint8] = skimage.data.astronaut()  # type: ignore[no-untyped-call]
    portrait = Image.fromarray(astronaut).resize(
        (side, side), Image.Resampling.BILINEAR, box=(130, 10, 320, 200)
    )
    face = np.asarray(portrait, np.float32) / 255
    images = np.concatenate([noise, [face, face[:, ::-1], face**2]])
    return np.asarray(low + (high - low) * images, np.float32)


def largest_difference(
    source: Source, tflite_model: bytes, onnx_model: bytes, images: Floats | None = None
) -> float:
    """Largest absolute difference of any output, in the output's own unit, on `images`."""
    interpreter = Interpreter(model_content=tflite_model, num_threads=1)
    interpreter.allocate_tensors()
    (image,) = interpreter.get_input_details()
    outputs = interpreter.get_output_details()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(onnx_model, options, providers=["CPUExecutionProvider"])
    worst = 0.0
    if images is None:
        images = test_images(image["shape"][1], *source.input_range)
    for picture in images:
        interpreter.set_tensor(image["index"], picture[None])
        interpreter.invoke()
        for output, converted in zip(
            outputs, session.run(None, {"image": picture[None]}), strict=True
        ):
            expected = interpreter.get_tensor(output["index"]).reshape(converted.shape)
            worst = max(worst, float(np.abs(expected - converted).max()))
    return worst


def rounded_up(value: float) -> float:
    """One significant digit, never smaller than `value`: the last bits differ between machines."""
    unit = 10.0 ** math.floor(math.log10(value))
    return float(f"{math.ceil(value / unit) * unit:.0e}")


# --- files


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def requirement() -> tuple[str, str, str]:
    """Package, version and wheel hash of the one requirement."""
    words = REQUIREMENTS.read_text().replace("\\\n", " ").splitlines()[-1].split()
    package, version = words[0].split("==")
    return package, version, words[1].removeprefix("--hash=sha256:")


def origin() -> dict[str, str]:
    """What decides the output: the wheel and this script."""
    package, version, wheel = requirement()
    return {
        "package": package,
        "version": version,
        "wheel_sha256": wheel,
        "converter_sha256": sha256(Path(__file__).read_bytes()),
    }


def is_built(source: Source, folder: Path) -> bool:
    try:
        card = json.loads((folder / "metadata.json").read_text())
        model = (folder / "model.onnx").read_bytes()
        original = source.original.read_bytes()
    except (OSError, ValueError):
        return False
    made_from = origin() | {"file_sha256": sha256(original)}
    return bool(sha256(model) == card["sha256"] and made_from.items() <= card["source"].items())


def fetch_wheel(folder: Path) -> Path:
    """Downloads the wheel with pip, which checks its hash; the platform named is the hash's own."""
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "download", "-qq", "--disable-pip-version-check"),
            *("--require-hashes", "--no-deps", "--only-binary=:all:"),
            *("--python-version", "312", "--platform", "manylinux_2_28_x86_64"),
            *("--requirement", str(REQUIREMENTS), "--dest", str(folder)),
        ],
        check=True,
    )
    (wheel,) = folder.glob("*.whl")
    return wheel


def build(source: Source, wheel: zipfile.ZipFile, folder: Path) -> str:
    """Writes one model folder and says what was measured."""
    original = wheel.read(source.file)
    converted = Converter.of(source, original).convert()
    model = converted.SerializeToString(deterministic=True)
    difference = largest_difference(source, original, model)
    if not difference < TOLERANCE:
        raise SystemExit(f"{source.name}: differs from tflite by {difference:.2g}")

    (image,) = converted.graph.input
    shape = [d.dim_value for d in image.type.tensor_type.shape.dim]
    low, high = source.input_range
    card = {
        "name": source.name,
        **source.card,
        "version": origin()["version"],
        "sha256": sha256(model),
        "bytes": len(model),
        "licence": "Apache-2.0",
        "changes": "tflite to ONNX; half-precision weights widened to single; PReLU as ReLU and "
        "depthwise convolutions; outputs reshaped",
        "source": origin() | {"file": source.file, "file_sha256": sha256(original)},
        "input": {
            "image": {
                "shape": shape,
                "layout": "NHWC, RGB",
                "type": "float32",
                "range": [low, high],
            }
        },
        "output": {name: {"shape": shape} for name, shape in source.outputs.items()},
        "measured": {
            "largest_difference_from_tflite": rounded_up(difference),
            "on": "4 noise images, 3 crops of scikit-image's astronaut; onnxruntime, CPU",
        },
    }
    ORIGINALS.mkdir(parents=True, exist_ok=True)
    source.original.write_bytes(original)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(model)
    licence = next(name for name in wheel.namelist() if name.endswith(".dist-info/LICENSE"))
    (folder / "LICENSE").write_bytes(wheel.read(licence))
    (folder / "metadata.json").write_text(json.dumps(card, indent=2) + "\n")
    return f"{source.name}: {len(model) / 1e6:.1f} MB, {difference:.1g} from tflite"


def main() -> None:
    version = origin()["version"]
    missing = [s for s in SOURCES if not is_built(s, OUTPUT / s.name / version)]
    if not missing:
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        zipfile.ZipFile(fetch_wheel(Path(folder))) as wheel,
    ):
        for source in missing:
            print(build(source, wheel, OUTPUT / source.name / version))


if __name__ == "__main__":
    main()
