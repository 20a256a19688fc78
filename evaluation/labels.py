"""Holds the reading of labels against what it must reach, on labels that a shop printed.

The labels lie beside the project: labels.csv of FACET_LABELS or ../shared/labels, a column `label`.
Every fourth was never looked at while the reading was written. `python -m evaluation.labels` prints
these figures alone; `make evaluate` has them among its own.
"""

import csv
import os
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evaluation.judge import Finding, limits
from evaluation.photos import ROOT
from facet.catalogue.build import build_catalogue
from facet.catalogue.catalogue import Catalogue
from facet.catalogue.labels import Label

SECTION = "labels"
HELD_OUT = 4  # of as many labels one, from the first


def labels_file() -> Path:
    """Where the labels are, whether or not they are there."""
    folder = Path(os.environ.get("FACET_LABELS") or ROOT.parent / "shared" / "labels")
    return folder / "labels.csv"


def judge_labels() -> list[Finding]:
    """What is known of real labels, and what is wrongly taken for known."""
    catalogue = Catalogue.load(build_catalogue(ROOT / "data" / "skincare"))
    findings = [_no_ingredients(catalogue)]
    try:
        with labels_file().open(encoding="utf-8", newline="") as file:
            texts = [row["label"] for row in csv.DictReader(file)]
    except FileNotFoundError as error:
        why = f"no labels ({error.filename}); set FACET_LABELS"
        return [*findings, Finding(SECTION, "entries known", None, note=why)]
    read = [catalogue.ingredients.reader.label([text]) for text in texts]
    rule = catalogue.content["label_rules"]["gaps"]
    held_out = _known(read[::HELD_OUT], "held out", rule)
    return [*findings, *_known(read, "all", rule), *held_out]


def _known(labels: Sequence[Label], of: str, rule: Mapping[str, Any]) -> list[Finding]:
    asked = limits()[SECTION]
    entries = [entry for label in labels for entry in label.entries]
    described = sum(entry.state == "described" for entry in entries) / len(entries)
    known = sum(entry.known for entry in entries) / len(entries)
    whole = sum(not label.not_checked for label in labels) / len(labels)
    placed = sum(not label.gaps(rule) for label in labels) / len(labels)
    note = f"{len(entries)} entries"
    return [
        Finding(SECTION, f"entries described, {of}", described, n=len(labels), note=note),
        Finding(
            SECTION,
            f"entries described or recognised, {of}",
            known,
            least=asked["known"],
            n=len(labels),
            note=note,
        ),
        Finding(SECTION, f"labels without an entry not checked, {of}", whole, n=len(labels)),
        Finding(
            SECTION,
            f"labels known well enough to be placed, {of}",
            placed,
            least=asked["placed"],
            n=len(labels),
        ),
    ]


def _no_ingredients(catalogue: Catalogue) -> Finding:
    path = ROOT / "tests" / "cases" / "no_ingredients.toml"
    kinds = tomllib.loads(path.read_text(encoding="utf-8"))
    names = [name for kind in kinds.values() for name in kind]
    reader = catalogue.ingredients.reader
    taken = [name for name in names if reader.meaning(name).state != "not_checked"]
    return Finding(
        SECTION,
        "names that are no ingredient, taken for one",
        len(taken) / len(names),
        most=limits()[SECTION]["taken"],
        n=len(names),
        worst=taken,
    )


def main() -> int:
    findings = judge_labels()
    for finding in findings:
        print(finding.line)
    return int(any(finding.met is False for finding in findings))


if __name__ == "__main__":
    sys.exit(main())
