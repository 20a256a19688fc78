"""What `sam build` packs: complete without anything of this machine, small, and compiled."""

import gzip
import importlib.util
import json
import re
import struct
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from PIL import Image

from checks.licences import DOCUMENT, licences_of, written
from layers import sbom
from local.artifacts import build, layers_of, python_path, unzipped_mb
from local.template import ENVIRONMENTS, read_template
from tests.conftest import Receiver
from tests.heic import heic

ROOT = Path(__file__).parents[2]
FUNCTIONS = sorted(
    name
    for name, resource in read_template()["Resources"].items()
    if resource["Type"] == "AWS::Serverless::Function"
)
MAKE_CLIENTS = """
import boto3
for service in (
    *("cloudwatch", "dynamodb", "s3", "sqs", "events", "cognito-idp", "secretsmanager", "sts"),
):
    client = boto3.client(service, aws_access_key_id="a", aws_secret_access_key="b")
    assert "eu-central-1" in client.meta.endpoint_url, client.meta.endpoint_url
"""
USE_PACKAGES = """
import io, json, pathlib
import numpy as np, onnxruntime
from PIL import Image, ImageCms
from facet.vision.drawing.legend import written
assert written("12.5 %", 20).width > 40
picture = Image.fromarray(np.full((8, 8, 3), 128, np.uint8))
for kind in ("JPEG", "PNG", "WEBP"):
    data = io.BytesIO()
    picture.save(data, kind)
    Image.open(data).load()
srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
ImageCms.profileToProfile(picture, srgb, lab, outputMode="LAB")
np.linalg.svd(np.eye(3)), np.unique([1, 1]), np.median([1.0, 2.0])
files = sorted(pathlib.Path(models).glob("*/*/model.onnx"))
sessions = [onnxruntime.InferenceSession(str(file)) for file in files]
print(json.dumps([len(session.get_outputs()) > 0 for session in sessions]))
"""
READ_HEIC = """
import io, json, pillow_heif
picture = pillow_heif.HeifImageFile(io.BytesIO(bytes.fromhex(data)))
picture.load()
print(json.dumps([pillow_heif.libheif_version(), picture.size, picture.getpixel((9, 9))]))
"""
# The design's budget of what carries every layer.
LIMIT_MB = dict.fromkeys(("AnalyzeFunction", "TryOnFunction", "OverlayFunction"), 110)

TRACING_MB = 6  # more, where tracing is asked for


@pytest.fixture(scope="session")
def built() -> Path:
    return build()


@pytest.fixture(scope="module")
def build_layer() -> ModuleType:
    return importlib.import_module("layers.build_layer")


def run_inside(
    function: str, built: Path, code: str, *, traced: bool = False, **environment: str
) -> str:
    """The output of code run with a function's artifact, its layers and the standard library."""
    python = Path(sys.base_prefix) / "bin" / "python3.13"
    path = [str(folder) for folder in python_path(function, built, traced=traced)]
    done = subprocess.run(  # noqa: S603 the interpreter that runs this test
        [python, "-I", "-S", "-c", f"import sys; sys.path[:0] = {path!r}\n{code}"],
        env={
            **{k: v for k, v in ENVIRONMENTS[function].items() if k != "AWS_ENDPOINT_URL"},
            "MODELS_DIR": str(built / "ModelsLayer" / "models"),
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_LAMBDA_FUNCTION_NAME": function,
            **environment,
        },
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_imports_with_nothing_but_its_layers(function: str, built: Path) -> None:
    """As Lambda does, which makes what every call needs with it: clients, and models."""
    code = "import app, json; print(json.dumps([callable(app.lambda_handler), app.__file__]))"
    is_callable, origin = json.loads(run_inside(function, built, code))
    assert is_callable
    assert Path(origin) == built / function / "app.py"


def test_every_module_of_the_layer_imports(built: Path) -> None:
    """A call imports some, such as the language model's, so importing app does not try them."""
    code = (
        "import facet, importlib, pkgutil\n"
        "names = [module.name for module in pkgutil.walk_packages(facet.__path__, 'facet.')]\n"
        "for name in names: importlib.import_module(name)\n"
        "print(len(names))"
    )
    assert int(run_inside("AnalyzeFunction", built, code, traced=True)) > 100


def test_the_tracing_layer_sends_a_trace(built: Path, receiver: Receiver) -> None:
    """With nothing but a function's layers: what was trimmed is not missed."""
    code = (
        "from types import SimpleNamespace as Context\n"
        "from facet.adapters.tracing import traced\n"
        "context = Context(aws_request_id='1', get_remaining_time_in_millis=lambda: 30_000)\n"
        "traced(lambda event, context: None)({}, context)"
    )
    endpoint = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": receiver.url}
    run_inside("SweepFunction", built, code, traced=True, **endpoint)
    assert len(receiver.got) == 1


def test_cloudformation_gets_to_see_no_anchors(built: Path) -> None:
    """It refuses a template with aliases or merges; `sam build` writes them out."""
    source, result = (folder / "template.yaml" for folder in (ROOT, built))
    anchored = re.compile(r"(?<=[:\[-] )[&*]\w+|<<:")
    assert anchored.search(source.read_text())
    assert not anchored.search(result.read_text())


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_client_of_every_service_can_be_made(function: str, built: Path) -> None:
    """Of botocore's data only these services are left, with only their endpoints."""
    run_inside(function, built, MAKE_CLIENTS)


def test_the_trimmed_packages_still_do_their_work(built: Path) -> None:
    models = str(built / "ModelsLayer" / "models")
    out = run_inside("AnalyzeFunction", built, f"models = {models!r}\n{USE_PACKAGES}")
    assert len(json.loads(out)) >= 2
    assert all(json.loads(out))


def test_the_layer_reads_heic_without_an_encoder(built: Path) -> None:
    """By a libheif that has the security fixes up to 1.23.6."""
    data = heic(Image.new("RGB", (64, 48), (180, 130, 110)))
    out = run_inside("AnalyzeFunction", built, f"data = {data.hex()!r}\n{READ_HEIC}")
    version, size, colour = json.loads(out)
    assert tuple(map(int, version.split("."))) >= (1, 23, 6)
    assert size == [64, 48]
    assert colour == pytest.approx([180, 130, 110], abs=3)


@pytest.mark.parametrize("arch", ["arm64", "x86_64"])
def test_on_either_architecture_nothing_is_left_of_x265(
    arch: str, build_layer: ModuleType, tmp_path: Path
) -> None:
    """Of the other one than this machine's this is all that can be tried."""
    build_layer.install("imaging", arch, tmp_path)
    build_layer.unlink("imaging", tmp_path)
    libraries = sorted((tmp_path / "pillow_heif.libs").iterdir())
    assert [path.name.partition("-")[0] for path in libraries] == ["libde265", "libheif"]
    (extension,) = tmp_path.glob("_pillow_heif*.so")
    there = {path.name for path in libraries}
    for path in (extension, *libraries):
        needed, symbols = wanted_by(path.read_bytes())
        assert not [name for name in (*needed, *symbols) if "x265" in name], path
        assert {name for name in needed if "-" in name and "ld-linux" not in name} <= there
    assert {"isalpha", "getppid"} <= wanted_by(libraries[1].read_bytes())[1]
    assert "heif_image_handle_decode_image_tile" in wanted_by(libraries[1].read_bytes())[1]


def wanted_by(elf: bytes) -> tuple[set[str], set[str]]:
    """The libraries that a shared object of 64 bits needs, and its dynamic symbols."""
    (table,) = struct.unpack_from("<Q", elf, 40)
    size, count = struct.unpack_from("<HH", elf, 58)
    sections = [struct.unpack_from("<IIQQQQIIQQ", elf, table + n * size) for n in range(count)]

    def entries(kind: int, form: str) -> tuple[int, list[tuple[int, ...]]]:
        """Start of the section's names, and what the section lists."""
        (found,) = (section for section in sections if section[1] == kind)
        body = elf[found[4] : found[4] + found[5]]
        return sections[found[6]][4], list(struct.iter_unpack(form, body))

    def name(at: int) -> str:
        return elf[at : elf.index(b"\0", at)].decode()

    names, dynamic = entries(6, "<qQ")
    needed = {name(names + value) for tag, value in dynamic if tag == 1}
    names, symbols = entries(11, "<IBBHQQ")
    return needed, {name(names + symbol[0]) for symbol in symbols}


def test_every_module_is_compiled_and_not_checked_against_its_source(built: Path) -> None:
    """Lambda cannot write byte code, and the zip has rounded the sources' time stamps."""
    layers = {layer for function in FUNCTIONS for layer in layers_of(function, built)}
    for part in (*FUNCTIONS, *sorted(layers - {"ModelsLayer"})):
        sources = list((built / part).rglob("*.py"))
        assert sources, part
        for source in sources:
            compiled = Path(importlib.util.cache_from_source(str(source), optimization=""))
            assert compiled.exists(), source
            with compiled.open("rb") as file:
                flags = int.from_bytes(file.read(8)[4:], "little")
            assert flags == 0b01, source  # PEP 552: hash-based, unchecked


def test_the_layer_has_the_whole_package_but_its_command_line(built: Path) -> None:
    package, layer = ROOT / "layers" / "shared" / "facet", built / "SharedLayer/python/facet"
    rooms = {path.parent.relative_to(package) for path in package.rglob("*.py")}
    packed = {path.parent.relative_to(layer) for path in layer.rglob("*.py")}
    assert rooms - packed == {Path("cli")}


def test_byte_code_names_the_path_it_will_run_at(built: Path) -> None:
    """So that traces read as in Lambda and two machines build the same bytes."""
    for part in ("SharedLayer", "PresignFunction"):
        for compiled in (built / part).rglob("*.pyc"):
            assert str(ROOT).encode() not in compiled.read_bytes(), compiled


def test_a_package_keeps_its_name_and_version_but_no_readme(built: Path) -> None:
    for metadata in built.glob("*Layer/python/*.dist-info/METADATA"):
        text = metadata.read_text(encoding="utf-8")
        assert "\nVersion: " in text
        assert "\n\n" not in text, metadata


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_with_its_layers_stays_small(function: str, built: Path) -> None:
    assert unzipped_mb(function, built) <= LIMIT_MB.get(function, 80)
    assert unzipped_mb(function, built, traced=True) <= LIMIT_MB.get(function, 80) + TRACING_MB


def test_a_function_is_built_the_same_twice(build_layer: ModuleType, tmp_path: Path) -> None:
    """Or every deployment would change every function."""
    for name in ("one", "two"):
        build_layer.build_function("api", tmp_path / name)
    first, second = (
        {p.relative_to(tmp_path / name): p.read_bytes() for p in (tmp_path / name).rglob("*.*")}
        for name in ("one", "two")
    )
    assert first == second
    assert len(first) >= 2  # app.py, its byte code


LAYER_NAMES = {"shared", "imaging", "inference", "tracing", "models"}


def bill_of(layer: str, built: Path) -> dict[str, Any]:
    """The bill of materials of a built layer."""
    document: dict[str, Any] = json.loads(
        (built / f"{layer.capitalize()}Layer.cdx.json").read_text()
    )
    return document


@pytest.mark.parametrize("layer", sorted(LAYER_NAMES))
def test_a_layer_has_a_bill_of_all_that_it_holds(layer: str, built: Path) -> None:
    document = bill_of(layer, built)
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    named = {
        f"{each['name'].replace('-', '_')}-{each['version']}" for each in document["components"]
    }
    folder = built / f"{layer.capitalize()}Layer"
    if layer == "models":
        models = {"-".join(path.parts[-3:-1]) for path in folder.glob("models/*/*/model.onnx")}
        assert named == models
    else:
        installed = folder.glob("python/*.dist-info")
        assert named == {path.name.removesuffix(".dist-info").lower() for path in installed}


def test_a_bill_names_the_libraries_that_are_left_and_no_other(built: Path) -> None:
    parts = {
        part["name"]: part["version"]
        for each in bill_of("imaging", built)["components"]
        for part in each.get("components", [])
    }
    assert {"libheif", "libde265", "OpenBLAS", "libjpeg-turbo"} <= parts.keys()
    assert all(re.match(r"\d+\.\d+", version) for version in parts.values()), parts
    assert not {"libavif", "FreeType", "HarfBuzz", "x265"} & parts.keys()  # trimmed


def test_a_rust_package_names_its_crates(built: Path) -> None:
    (core,) = (c for c in bill_of("shared", built)["components"] if c["name"] == "pydantic_core")
    assert len(core["components"]) > 50
    assert all(part["licenses"] for part in core["components"])


def test_a_bill_is_written_the_same_twice(built: Path) -> None:
    """Of the same folder: no time, no random number, nothing in the order of a directory."""
    installed = built / "ImagingLayer" / "python"
    texts = {sbom.text(sbom.bill("imaging", sbom.packages(installed, {}))) for _ in range(2)}
    assert len(texts) == 1


def test_a_library_that_nobody_named_stops_the_build(tmp_path: Path) -> None:
    (tmp_path / "pillow.libs").mkdir()
    (tmp_path / "pillow.libs" / "libnew-0123abcd.so.1").touch()
    (tmp_path / "pillow-1.dist-info").mkdir()
    (tmp_path / "pillow-1.dist-info" / "METADATA").write_text("Name: pillow\nVersion: 1\n")
    with pytest.raises(SystemExit, match="no row for pillow"):
        sbom.packages(tmp_path, {})


@pytest.mark.parametrize(
    ("layer", "notices"),
    [
        ("Imaging", {"GPL-3.0": "GNU GENERAL PUBLIC", "LGPL-3.0": "GNU LESSER GENERAL PUBLIC"}),
        ("Inference", {"onnxruntime-ThirdPartyNotices": "THIRD PARTY SOFTWARE NOTICES"}),
        ("Shared", {"standardwebhooks": "The MIT License"}),
    ],
)
def test_licences_that_must_travel_are_in_the_layer(
    layer: str, notices: dict[str, str], built: Path
) -> None:
    for name, words in notices.items():
        packed = built / f"{layer}Layer" / "licences" / f"{name}.txt.gz"
        assert words in gzip.decompress(packed.read_bytes()).decode()
        assert packed.read_bytes()[4:8] == bytes(4)  # no time: the same bytes in every build


def test_the_document_of_licences_is_current(built: Path) -> None:
    """docs/licences.md, as `make licences` writes it: on either architecture the same."""
    assert DOCUMENT.read_text() == written(built)


def test_no_licence_is_a_name_that_spdx_does_not_know(built: Path) -> None:
    """Or the row of [spdx] in bundled.toml is missing."""
    for layer in LAYER_NAMES:
        for component in bill_of(layer, built)["components"]:
            for part in (component, *component.get("components", [])):
                for word in re.split(r" (?:AND|OR|WITH) |, ", licences_of(part).strip()):
                    assert re.fullmatch(r"\(?[\w.+-]+\)?", word), part["name"]


def test_facet_uses_nothing_of_numpy_that_was_left_out(build_layer: ModuleType) -> None:
    """numpy loads these when they are named, which importing a function does not show."""
    dropped = {
        match[1]
        for entry in build_layer.TRIM["drop"]
        for path in entry["paths"]
        if (match := re.fullmatch(r"numpy/([a-z0-9]+)", path))
    }
    assert {"fft", "random"} <= dropped
    for source in (ROOT / "layers" / "shared" / "facet").rglob("*.py"):
        used = set(re.findall(r"\b(?:np|numpy)\.([a-z0-9]+)", source.read_text()))
        assert not used & dropped, source


def test_what_is_trimmed_says_why(build_layer: ModuleType) -> None:
    for entry in (
        *build_layer.TRIM["skip"],
        *build_layer.TRIM["drop"],
        *build_layer.TRIM["unlink"],
        *build_layer.TRIM["notices"],
    ):
        assert entry["why"]
        assert entry["source"]


def test_skipped_requirements_leave_the_others_with_their_hashes(build_layer: ModuleType) -> None:
    kept = build_layer.locked_requirements("inference")
    assert re.findall(r"^\w+", kept, flags=re.MULTILINE) == ["onnxruntime"]
    assert kept.count("--hash=sha256:") > 5
    every = (ROOT / "layers" / "imaging" / "requirements.txt").read_text()
    assert build_layer.locked_requirements("imaging") == every


def test_without_models_the_build_says_what_to_run(
    build_layer: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build_layer, "MODELS", tmp_path / "models")
    with pytest.raises(SystemExit, match="run `make models` first"):
        build_layer.build_models(tmp_path / "out")
