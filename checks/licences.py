"""docs/licences.md, from the bills of materials of the built layers.

python -m checks.licences
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from layers.sbom import BUNDLED, LAYERS
from local.artifacts import build

DOCUMENT = LAYERS.parent / "docs" / "licences.md"
HEAD = (Path(__file__).parent / "licences.md").read_text()
# Bill -> what its layer is in the template.
BILLS = {
    "SharedLayer": "in every function",
    "ImagingLayer": "where a photo or the catalogue is read",
    "InferenceLayer": "where a face is found",
    "TracingLayer": "in every function where tracing is asked for",
    "ModelsLayer": "where a face is found",
}
CRATES = "pkg:cargo/"


def licences_of(component: dict[str, Any]) -> str:
    """As the bill says it: one SPDX expression, or several of them."""
    return ", ".join(
        each.get("expression") or each["license"].get("id") or each["license"]["name"]
        for each in component["licenses"]
    )


def rows(component: dict[str, Any]) -> list[str]:
    """A component's line of the table, and a line for each native library within it."""
    sources = {row["name"]: row for row in BUNDLED["library"]}
    lines = [f"| {component['name']} | {component['version']} | {licences_of(component)} | |"]
    for part in component.get("components", []):
        if not part.get("purl", "").startswith(CRATES):
            row = sources[part["name"]]
            said = f"[source]({row['source']})" + (f". {row['note']}" if "note" in row else "")
            name = f"{component['name']}: **{part['name']}**"
            lines.append(f"| {name} | {part['version']} | {licences_of(part)} | {said} |")
    crates = [p for p in component.get("components", []) if p.get("purl", "").startswith(CRATES)]
    if crates:
        counts = Counter(licences_of(crate) for crate in crates).most_common()
        said = "; ".join(f"{count} {licence}" for licence, count in sorted(counts))
        lines.append(
            f"| {component['name']}: {len(crates)} crates of Rust | | {said} | in its bill |"
        )
    return lines


def written(built: Path) -> str:
    """The document for the layers in a folder that `sam build` wrote."""
    parts = [HEAD]
    for layer, where in BILLS.items():
        document = json.loads((built / f"{layer}.cdx.json").read_text(encoding="utf-8"))
        lines = [line for component in document["components"] for line in rows(component)]
        head = f"## {layer}\n\n{where[0].upper()}{where[1:]}.\n\n"
        table = "| what | version | licence | |\n|---|---|---|---|\n"
        parts.append(head + table + "\n".join(lines) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    DOCUMENT.write_text(written(build()), encoding="utf-8")
