"""What `sam build` packs, kept by what it was built from; its folders as Lambda would use them."""

import fcntl
import os
import platform
import shutil
import subprocess
from pathlib import Path
from typing import Any

from local.stack import REGION, ROOT, StackError, digest
from local.template import read_template

BUILDS = ROOT / ".aws-sam" / "host"
KEPT_BUILDS = 4
ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64"}  # Python's name: Lambda's
HOST = ARCHITECTURES.get(platform.machine(), "arm64")
BUILD_SOURCES = (
    "template.yaml",
    "functions/**/*",
    "layers/Makefile",
    "layers/build_layer.py",
    "layers/sbom.py",
    "layers/bundled.toml",
    "layers/*/licences/*",
    "layers/trim.toml",
    "layers/tools.txt",
    "layers/*/requirements.txt",
    "layers/shared/facet/**/*",
    "layers/models/models/**/metadata.json",
)


def build(arch: str = HOST) -> Path:
    """`sam build` for arm64 or x86_64; the folder of these very sources, built once.

    A folder is never written again, so whoever runs one is not disturbed by a newer build.
    """
    BUILDS.mkdir(parents=True, exist_ok=True)
    with (BUILDS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # test workers ask at the same time
        folder = BUILDS / f"{digest(BUILD_SOURCES)[:12]}-{arch}"
        if not (folder / "template.yaml").exists():  # the last thing that is written
            _sam_build(folder, arch)
        folder.touch()
        by_use = sorted(BUILDS.glob("*/"), key=lambda path: path.stat().st_mtime)
        for old in by_use[:-KEPT_BUILDS]:
            shutil.rmtree(old)
    return folder


def _sam_build(folder: Path, arch: str) -> None:
    tools = ROOT / ".tools" / "sam" / "bin"
    built = subprocess.run(
        [tools / "sam", "build", "--build-dir", folder],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        | {
            "PATH": os.pathsep.join([str(tools), os.environ.get("PATH", os.defpath)]),
            "ARCH": arch,
            "AWS_DEFAULT_REGION": REGION,
            "SAM_CLI_TELEMETRY": "0",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if built.returncode:
        raise StackError(f"sam build failed.\n{built.stderr[-2000:]}")


def layers_of(function: str, folder: Path, *, traced: bool = False) -> list[str]:
    """Logical ids of the layers a built function carries in the cloud."""
    resources = read_template(folder / "template.yaml")["Resources"]
    return carried_layers(resources[function]["Properties"]["Layers"], traced=traced)


def carried_layers(layers: Any, *, traced: bool = False) -> list[str]:
    """Logical ids in a function's Layers, as the cloud reads them: with tracing, or without."""
    _, with_tracing, otherwise = layers["Fn::If"]
    return [layer["Ref"] for layer in (with_tracing if traced else otherwise["Fn::If"][1])]


def python_path(function: str, folder: Path, *, traced: bool = False) -> list[Path]:
    """What Lambda puts on sys.path for a function: its code, then /opt/python of its layers."""
    layers = [folder / layer / "python" for layer in layers_of(function, folder, traced=traced)]
    return [folder / function, *(path for path in layers if path.exists())]


def unzipped_mb(function: str, folder: Path, *, traced: bool = False) -> float:
    """Size of a function with all its layers, in Lambda's MB (2^20 bytes; the limit is 250)."""
    parts = [function, *layers_of(function, folder, traced=traced)]
    files = (file for part in parts for file in (folder / part).rglob("*") if file.is_file())
    return sum(file.stat().st_size for file in files) / 2**20
