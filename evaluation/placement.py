"""Whether owned products find their place: real labels, told one by one, and what may harm.

    python -m evaluation.placement

Labels are those of FACET_LABELS, or of shared/labels beside the project. Products that may harm are
tests/cases/harmful.toml. Every product is a bag of its own, advised on as `facet advise` does.
"""

import csv
import os
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from evaluation.judge import Finding, limits
from evaluation.photos import ROOT
from facet.catalogue.build import build_catalogue
from facet.catalogue.catalogue import Catalogue
from facet.services.advise_case import advise_case

SECTION = "Placement"
HARMFUL = ROOT / "tests" / "cases" / "harmful.toml"
# What a shop calls a kind -> what its owner would call it. A mask has no place in a daily routine.
CATEGORY_OF = {
    "Moisturizer": "moisturiser",
    "Cleanser": "cleanser",
    "Treatment": "serum",
    "Eye cream": "eye_care",
    "Sun protect": "sunscreen",
}
PREGNANT = {"pregnancy": "pregnant"}
# Notes on a product that are not about what is in it.
OF_USE = frozenset({"not_used", "no_room", "spf_too_low", "one_at_a_time", "sunscreen_first"})


def labels_folder() -> Path:
    """Where the labels are, whether or not they are there."""
    return Path(os.environ.get("FACET_LABELS") or ROOT.parent / "shared" / "labels")


def judge_placement() -> list[Finding]:
    """The share of real products that still find their place, and what may harm and finds one."""
    return [*_harm(), *_real()]


def _harm() -> list[Finding]:
    rows = tomllib.loads(HARMFUL.read_text(encoding="utf-8"))["product"]
    findings = []
    for told, profile in (("", {}), (", pregnant", PREGNANT)):
        placed = [
            f"{row['name']} as {category}"
            for row in rows
            if not (row.get("in_pregnancy_only") and not profile)
            for category in row.get("as", ("moisturiser", "serum", "cleanser", "toner"))
            if _answer(_item(row["name"], category, row.get("label", "")), profile)[0]
        ]
        findings.append(
            Finding(
                SECTION,
                f"what may harm and is placed{told}",
                float(len(placed)),
                unit="placements",
                most=limits()["harm"]["most"],
                n=len(rows),
                note="products, each in several categories",
                worst=placed[:6],
            )
        )
    return findings


def _real() -> Iterator[Finding]:
    what = "real products that keep their place"
    path = labels_folder() / "labels.csv"
    if not path.exists():
        yield Finding(SECTION, what, None, note=f"no labels in {labels_folder()}: FACET_LABELS")
        return
    rows = list(products(path))
    for told, profile, limit in (("", {}, "placed"), (", pregnant", PREGNANT, "placed_pregnant")):
        codes: Counter[str] = Counter()
        asked = 0
        for row in rows:
            placed, code = _answer(row, profile)
            if profile and code in {"not_in_pregnancy", "ask_in_pregnancy"}:
                continue  # holds what is listed for pregnancy: it is to be left out
            asked += 1
            codes["placed" if placed else code or "no note"] += 1
            codes["kept"] += placed or code in OF_USE
        worst = [f"{code} {count}" for code, count in codes.most_common() if code != "kept"]
        yield Finding(
            SECTION,
            what + told,
            codes["kept"] / asked,
            least=limits()[limit]["least"],
            n=asked,
            note="labels",
            worst=worst[:8],
        )


def products(path: Path) -> Iterator[dict[str, Any]]:
    """The products of a file of labels, as bag items."""
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        for row in csv.DictReader(file):
            if category := CATEGORY_OF.get(row["kind"]):
                yield _item(row["name"], category, row["label"])


def _item(name: str, category: str, label: str) -> dict[str, Any]:
    item: dict[str, Any] = {"item_id": "own", "name": name[:200], "category": category}
    if label:
        item["ingredients"] = [label[:4000]]
    if category == "sunscreen":
        item["spf"] = 50  # few names state it, and it is not what is asked here
    return item


def _answer(item: Mapping[str, Any], profile: Mapping[str, Any]) -> tuple[bool, str]:
    """(whether the item has a place, the code of the last note on it)."""
    case = {"bag": [item], "profile": profile, "wants": ["skincare"]}
    answer = advise_case(case, _catalogue())
    if "failure" in answer:
        raise ValueError(answer["failure"]["message"])
    routine = answer["recommendations"]["skincare"]
    steps: Sequence[Mapping[str, Any]] = (*routine["am"], *routine["pm"])
    placed = any(step["product"].get("item_id") == item["item_id"] for step in steps)
    notes = [note for note in routine.get("notes", ()) if note.get("item_id") == item["item_id"]]
    return placed, notes[-1]["code"] if notes else ""


@cache
def _catalogue() -> Catalogue:
    return Catalogue.load(build_catalogue(ROOT / "data" / "skincare"))


if __name__ == "__main__":
    for finding in judge_placement():
        print(finding.met, finding.what, finding.value, finding.n, "; ".join(finding.worst))
