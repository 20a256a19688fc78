"""Lays out one layer or function as Lambda wants it: installed, trimmed, compiled.

    ARCH=arm64 python3.13 -m layers.build_layer layer shared ARTIFACTS_DIR

`sam build` calls this through layers/Makefile. Beside ARTIFACTS_DIR it leaves the layer's bill of
materials, ARTIFACTS_DIR.cdx.json. It needs Python 3.13 with pip and nothing else:
wheels are chosen for ARCH, not for the machine that builds.
"""

import argparse
import compileall
import gzip
import json
import os
import py_compile
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from layers import sbom

LAYERS = Path(__file__).parent
FUNCTIONS = LAYERS.parent / "functions"
MODELS = LAYERS / "models" / "models"
COMPILED = shutil.ignore_patterns("__pycache__")
NOT_FOR_LAMBDA = shutil.ignore_patterns("__pycache__", "cli")  # of the package: a terminal's
TRIM: dict[str, Any] = tomllib.loads((LAYERS / "trim.toml").read_text())


def locked_requirements(layer: str) -> str:
    """The layer's requirements.txt, hashes and all, without the packages trim.toml skips."""
    skipped = {
        package
        for entry in TRIM["skip"]
        if layer in entry.get("layers", [layer])
        for package in entry["packages"]
    }
    text = (LAYERS / layer / "requirements.txt").read_text()
    # A requirement is one line that continues over its hashes.
    requirements = re.findall(r"^[A-Za-z0-9](?:.*\\\n)*.*\n", text, flags=re.MULTILINE)
    return "".join(r for r in requirements if re.split(r"[=\[ ;]", r)[0] not in skipped)


def install(layer: str, arch: str, target: Path) -> None:
    """Installs the layer's locked wheels for ``arch`` (arm64 or x86_64) into ``target``."""
    platform = TRIM["platform"]
    machine = platform["machine"][arch]
    with tempfile.TemporaryDirectory() as scratch:
        requirements = Path(scratch) / "requirements.txt"
        requirements.write_text(locked_requirements(layer))
        wheels = (f"--platform={wheel}_{machine}" for wheel in platform["wheels"])
        python = ("--implementation=cp", "--python-version", platform["python"])
        install_wheels(requirements, target, *python, *wheels)


def install_wheels(requirements: Path, target: Path, *options: str) -> None:
    """Installs locked wheels, without what they need themselves, into a folder."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--no-deps"]
    command += ["--require-hashes", "--only-binary=:all:", "--disable-pip-version-check", *options]
    subprocess.run([*command, "--target", target, "-r", requirements], check=True)


def trim(target: Path) -> None:
    """Removes what trim.toml names from an installed layer, and every package's readme."""
    for metadata in target.glob("*.dist-info/METADATA"):
        headers, _, _ = metadata.read_text(encoding="utf-8").partition("\n\n")
        metadata.write_text(f"{headers}\n", encoding="utf-8")
    for entry in TRIM["drop"]:
        for pattern in entry["paths"]:
            for path in target.glob(pattern):
                if str(path.relative_to(target)) in entry.get("keep", []):
                    continue
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink()
    for package in ("botocore", "boto3"):
        trim_service_models(target / package / "data")


def trim_service_models(data: Path) -> None:
    """Keeps the service models Facet calls, without their documentation, as plain JSON."""
    services = TRIM["botocore"]["services"]
    if not data.exists():
        return
    for folder in data.iterdir():
        if folder.is_dir() and folder.name not in services:
            shutil.rmtree(folder)
    for path in data.glob("*/*/examples-1.json*"):
        path.unlink()
    for path in [*data.rglob("*.json"), *data.rglob("*.json.gz")]:
        packed = path.suffix == ".gz"
        model = json.loads(gzip.decompress(path.read_bytes()) if packed else path.read_bytes())
        if path.name == "endpoints.json":
            for partition in model["partitions"]:
                endpoints = partition["services"]
                partition["services"] = {k: v for k, v in endpoints.items() if k in services}
        path.unlink()
        plain = path.with_suffix("") if packed else path
        plain.write_text(json.dumps(without_documentation(model), separators=(",", ":")))


def without_documentation(model: Any) -> Any:
    """A botocore model with its ``documentation`` strings emptied; some are looked up."""
    if isinstance(model, dict):
        return {
            key: ""
            if key == "documentation" and isinstance(value, str)
            else without_documentation(value)
            for key, value in model.items()
        }
    if isinstance(model, list):
        return [without_documentation(item) for item in model]
    return model


def unlink(layer: str, target: Path) -> None:
    """Removes the libraries that [[unlink]] of trim.toml names, and what others want of them.

    A library that wants one is changed: it no longer loads it, and asks libc in its place.
    """
    entries = [entry for entry in TRIM["unlink"] if entry["layer"] == layer]
    if not entries:
        return
    with tempfile.TemporaryDirectory() as scratch:
        tools, names = Path(scratch) / "tools", Path(scratch) / "names"
        install_wheels(LAYERS / "tools.txt", tools)
        for entry in entries:
            (unwanted,), (wanting,) = (target.glob(entry[key]) for key in ("library", "of"))
            names.write_text("".join(f"{old} {new}\n" for old, new in entry["symbols"].items()))
            patch: list[str | Path] = [tools / "bin" / "patchelf", "--remove-needed", unwanted.name]
            subprocess.run([*patch, "--rename-dynamic-symbols", names, wanting], check=True)
            unwanted.unlink()


def keep_notices(layer: str, artifacts: Path) -> None:
    """Puts licences that must travel with a layer, and that no wheel keeps, into licences/, packed.

    These are the layer's own of that name, and what [[notices]] of trim.toml saves from being
    dropped.
    """
    folder = artifacts / "licences"
    texts = {path.name: path for path in sorted((LAYERS / layer / "licences").glob("*.txt"))}
    for entry in TRIM["notices"]:
        if entry["layer"] == layer:
            texts[entry["name"]] = artifacts / "python" / entry["path"]
    for name, path in texts.items():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))


def write_bill(layer: str, components: list[sbom.Component], artifacts: Path) -> None:
    """Writes the bill of materials beside the artifacts: nothing that runs reads it."""
    beside = artifacts.with_name(f"{artifacts.name}.cdx.json")
    beside.write_text(sbom.text(sbom.bill(layer, components)), encoding="utf-8")


def compile_all(target: Path, prefix: str) -> None:
    """Byte-compiles every module below ``target``, which Lambda mounts read-only at ``prefix``.

    Unchecked: a start must not compare 1,500 time stamps that the zip has rounded anyway.
    """
    ok = compileall.compile_dir(
        target,
        quiet=1,
        maxlevels=50,
        stripdir=str(target),
        prependdir=prefix,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        workers=1,
    )
    if not ok:
        raise SystemExit(f"{target}: some module does not compile")


def build_layer(layer: str, arch: str, artifacts: Path) -> None:
    target = artifacts / "python"
    install(layer, arch, target)
    listed = sbom.bills_of_wheels(target)
    keep_notices(layer, artifacts)
    unlink(layer, target)
    trim(target)
    write_bill(layer, sbom.packages(target, listed), artifacts)
    if (LAYERS / layer / "facet").exists():
        shutil.copytree(LAYERS / layer / "facet", target / "facet", ignore=NOT_FOR_LAMBDA)
    compile_all(target, "/opt/python")


def build_function(verb: str, artifacts: Path) -> None:
    """A function is its folder, most often app.py alone: all else comes from the layers."""
    shutil.copytree(FUNCTIONS / verb, artifacts, dirs_exist_ok=True, ignore=COMPILED)
    compile_all(artifacts, "/var/task")


def build_models(artifacts: Path) -> None:
    if not any(MODELS.glob("*/*/model.onnx")):
        raise SystemExit(f"{MODELS} holds no model: run `make models` first.")
    shutil.copytree(MODELS, artifacts / "models")
    write_bill("models", sbom.models(MODELS), artifacts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    kinds = parser.add_subparsers(dest="kind", required=True)
    for kind in ("layer", "function"):
        kinds.add_parser(kind).add_argument("name")
    kinds.add_parser("models")
    for choice in kinds.choices.values():
        choice.add_argument("artifacts", type=Path)
    wanted = parser.parse_args()
    if sys.version_info[:2] != tuple(map(int, TRIM["platform"]["python"].split("."))):
        raise SystemExit(f"needs Python {TRIM['platform']['python']}: byte code is for one version")
    match wanted.kind:
        case "layer":
            build_layer(wanted.name, os.environ.get("ARCH", "arm64"), wanted.artifacts)
        case "function":
            build_function(wanted.name, wanted.artifacts)
        case "models":
            build_models(wanted.artifacts)


if __name__ == "__main__":
    main()
