"""The bill of materials of one layer (CycloneDX 1.6): its packages, and what their wheels bring.

Read off what is installed, so a layer that is built twice has the same bill twice: no time stamp,
no serial number, everything in order.
"""

import json
import re
import tomllib
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

LAYERS = Path(__file__).parent
BUNDLED: dict[str, Any] = tomllib.loads((LAYERS / "bundled.toml").read_text())
Component = dict[str, Any]


def bill(layer: str, components: list[Component]) -> Component:
    """The document for a layer that holds these components, and those within them."""
    root = f"facet-{layer}"
    depends = [{"ref": root, "dependsOn": [each["bom-ref"] for each in components]}]
    for each in components:
        inside = [part["bom-ref"] for part in each.get("components", [])]
        depends.append({"ref": each["bom-ref"], "dependsOn": inside})
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "bom-ref": root,
                "type": "application",
                "name": root,
                "licenses": [{"expression": "Apache-2.0"}],
            }
        },
        "components": components,
        "dependencies": depends,
    }


def bills_of_wheels(installed: Path) -> dict[str, list[Component]]:
    """Folder of a distribution -> what its wheel itself lists; read before trimming drops it."""
    return {
        folder.parent.name: [
            part
            for path in sorted(folder.glob("*.json"))
            for part in json.loads(path.read_text(encoding="utf-8"))["components"]
        ]
        for folder in sorted(installed.glob("*.dist-info/sboms"))
    }


def packages(installed: Path, listed: dict[str, list[Component]]) -> list[Component]:
    """Every distribution in a trimmed folder, with the native libraries and crates within it.

    SystemExit names a native library that bundled.toml has no row for.
    """
    found = {}
    for metadata in sorted(installed.glob("*.dist-info/METADATA")):
        inside = listed.get(metadata.parent.name, [])
        package = _package(metadata)
        libraries = sorted(installed.glob(f"{package['name'].replace('-', '_')}.libs/*.so*"))
        parts = [_library(path, installed, inside) for path in libraries] + _crates(inside)
        if parts:
            package["components"] = list({part["bom-ref"]: part for part in parts}.values())
        found[package["name"]] = package
    return [found[name] for name in sorted(found)]


def models(folder: Path) -> list[Component]:
    """The models that a folder holds, each with the hash of its weights."""
    found = []
    for path in sorted(folder.glob("*/*/metadata.json")):
        card = json.loads(path.read_text())
        name, version = path.parts[-3:-1]
        found.append(
            {
                "bom-ref": f"{name}@{version}",
                "type": "machine-learning-model",
                "name": name,
                "version": version,
                "licenses": [{"expression": card["licence"]}],
                "hashes": [{"alg": "SHA-256", "content": card["sha256"]}],
            }
        )
    return found


def text(document: Component) -> str:
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _package(metadata: Path) -> Component:
    headers = HeaderParser().parsestr(metadata.read_text(encoding="utf-8"))
    name, version = headers["Name"].lower(), headers["Version"]
    said = headers["License-Expression"] or headers["License"]
    component: Component = {
        "bom-ref": f"pkg:pypi/{name.replace('_', '-')}@{version}",
        "type": "library",
        "name": name,
        "version": version,
        "licenses": [{"expression": BUNDLED["spdx"].get(said, said)}],
    }
    component["purl"] = component["bom-ref"]
    return component


def _crates(listed: list[Component]) -> list[Component]:
    """What a Rust package is linked from."""
    keys = ("bom-ref", "type", "name", "version", "licenses", "purl")
    crates = [
        {key: part[key] for key in keys}
        for part in listed
        if part.get("purl", "").startswith("pkg:cargo/") and part.get("scope") == "required"
    ]
    return sorted(crates, key=lambda part: str(part["purl"]))


def _row(path: Path, installed: Path) -> dict[str, Any]:
    """What bundled.toml says about a library."""
    relative = path.relative_to(installed)
    for row in BUNDLED["library"]:
        if any(relative.match(pattern) for pattern in row["files"]):
            return dict(row)
    raise SystemExit(f"layers/bundled.toml has no row for {relative}: name its licence.")


def _library(path: Path, installed: Path, listed: list[Component]) -> Component:
    row = _row(path, installed)
    version = _version(path, row, listed)
    return {
        "bom-ref": f"{row['name']}@{version}",
        "type": "library",
        "name": row["name"],
        "version": version,
        "licenses": [{"expression": row["licence"]}],
        "externalReferences": [{"type": "vcs", "url": row["source"]}],
    }


def _version(path: Path, row: dict[str, Any], listed: list[Component]) -> str:
    for part in listed:
        if part["name"] == row.get("listed"):
            return str(part["version"])
    if "seen" in row and (seen := re.search(row["seen"].encode(), path.read_bytes())):
        return seen[1].decode()
    return path.name.partition(".so.")[2]
