"""Holds the analysis against what it must reach, on photos and edits of photos.

`make evaluate`, or for one concern while working on it:
`python -m evaluation.run --only redness --faces 10`. What is not reached is named at the end. Exit
status 1 when that holds something that thresholds.toml does not know, or when nothing was measured.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rich.console import Console
from rich.table import Table

from evaluation import card
from evaluation.allergens import judge_allergens
from evaluation.conditions import judge_conditions
from evaluation.contact_sheet import judge_looks
from evaluation.covers import judge_covers
from evaluation.figures import publish
from evaluation.foundations import judge_foundations
from evaluation.judge import Finding, Rows, judge
from evaluation.labels import judge_labels
from evaluation.measure import CONCERNS, Plan, Row, measure, models
from evaluation.paper import judge_paper
from evaluation.peer import landmarks
from evaluation.photos import ROOT, FacePhoto, folder, load_photos, some
from evaluation.placement import judge_placement
from evaluation.report import write
from evaluation.same_person import judge_same_person
from evaluation.takes import Take, sources, takes
from evaluation.workers import each
from facet.domain.card import Card

OUT = ROOT / ".evaluation"
console = Console(highlight=False, width=None if sys.stdout.isatty() else 150)


def table(findings: Sequence[Finding], *, everything: bool) -> Table:
    """What was found; without `everything`, of the long sections only what falls short."""
    drawn = Table(title_justify="left", pad_edge=False)
    for name in ("", "value", "asked", "n", ""):
        drawn.add_column(name, overflow="fold", justify="left" if not name else "right")
    section = ""
    for finding in findings:
        if not everything and finding.met:
            continue
        if finding.section != section:
            section = finding.section
            drawn.add_section()
            drawn.add_row(f"[bold]{section}[/]")
        drawn.add_row(
            f"{'[red]' if finding.met is False else ''}{finding.what}",
            "-" if finding.value is None else f"{finding.value:.2f}",
            asked(finding),
            str(finding.n or ""),
            "; ".join(filter(None, (finding.note, ", ".join(finding.worst)))),
        )
    return drawn


def asked(finding: Finding) -> str:
    if finding.least is not None:
        return f">= {finding.least:g}"
    return f"<= {finding.most:g}" if finding.most is not None else ""


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m evaluation.run", description=__doc__)
    parser.add_argument("--only", default="", help="concerns, with commas between")
    parser.add_argument(
        "--faces", type=int, default=0, help="edit about this many photos; all are read"
    )
    parser.add_argument(
        "--workers", type=int, default=os.process_cpu_count(), help="processes; one per core"
    )
    parser.add_argument(
        "--publish",
        action="store_true",
        help="also put the tables into docs/analysis.md, and write the card",
    )
    options = parser.parse_args()
    options.only = [name for name in options.only.split(",") if name]
    if unknown := sorted(set(options.only) - set(CONCERNS)):
        parser.error(f"no concern {', '.join(unknown)}; there are {', '.join(CONCERNS)}")
    return options


def main() -> int:
    options = _options()
    only: list[str] = options.only
    try:
        photos = load_photos(folder())
    except FileNotFoundError as error:
        print(f"Not evaluated: no photos ({error.filename}); set FACET_FACES.", file=sys.stderr)
        return 1
    edited = some(photos, options.faces)
    if only:
        plan, photos = Plan(frozenset(only), tones=(2, 5, 9), regions="wrinkles" in only), edited
    else:
        plan = Plan()
    rows, seconds = _measure_all(photos, edited, plan, options.workers)
    made: Card | None = None
    judged_rows = Rows(rows)
    findings = judge(judged_rows, photos, only or CONCERNS)
    if not only:
        findings += landmarks(judged_rows, photos)
        findings += judge_looks(photos, OUT)
        findings += judge_allergens()
        findings += judge_labels()
        findings += judge_placement()
        findings += judge_paper()
        findings += judge_covers(options.workers)
        findings += judge_foundations()
        findings += judge_conditions(options.workers)
        if taken := _takes(options.workers):
            made = card.card_of(taken)
            findings += card.findings(made)
            findings += judge_same_person(taken)
    console.print(table(findings, everything=bool(only)))
    missed = [finding for finding in findings if finding.met is False]
    _print_missed(missed)
    judged = sum(finding.met is not None for finding in findings)
    print(
        f"{judged - len(missed)} of {judged} reached, on {len(photos)} photos, "
        f"{len(edited)} of them edited, in {seconds:.0f} s."
    )
    document: dict[str, Any] = {
        "photos": [photo.name for photo in photos],
        "edited": [photo.name for photo in edited],
        "seconds": round(seconds, 1),
        "findings": [finding.as_json() for finding in findings],
    }
    _keep("-".join(only) if only else "report", document, rows)
    if not only:
        report = write(OUT, findings, judged_rows, photos, seconds)
        print(f"Pictures and every number: {report}")
        if options.publish:
            publish(findings, photos, models())
            if made:
                card.publish(made)
    return 1 if any(finding.excuse is None for finding in missed) else 0


def _takes(workers: int) -> list[Take]:
    """Every photo of every set, read once; none, and why, where a set is not there."""
    try:
        return takes(sources(folder()), workers)
    except FileNotFoundError as error:
        print(f"No card, no people: no photos ({error.filename}).", file=sys.stderr)
        return []


def _measure_all(
    photos: Sequence[FacePhoto], edited: Sequence[FacePhoto], plan: Plan, workers: int
) -> tuple[list[Row], float]:
    """The rows of all photos, with a count on a terminal, and the seconds it took."""
    # The close-ups take longest: first, so that no core idles at the end.
    plans = [(photo, plan) for photo in sorted(edited, key=lambda photo: photo.group)]
    plans += [(photo, replace(plan, edited=False)) for photo in photos if photo not in edited]
    begun = time.monotonic()
    rows: list[Row] = []
    for number, rows_of_photo in enumerate(each(measure, plans, workers), start=1):
        rows += rows_of_photo
        if sys.stderr.isatty():
            spent = time.monotonic() - begun
            print(f"\r{number} of {len(photos)} photos, {spent:.0f} s", end="", file=sys.stderr)
    seconds = time.monotonic() - begun
    print(file=sys.stderr)
    return rows, seconds


def _print_missed(missed: Sequence[Finding]) -> None:
    """What was not reached, each with the reason that thresholds.toml has for it."""
    if missed:
        print("Not reached:")
    for finding in missed:
        value = "not measured" if finding.value is None else f"{finding.value:.2f}"
        why = "NOT KNOWN BEFORE" if finding.excuse is None else finding.excuse
        what = f"{finding.section}: {finding.what}"
        print(f"  {what}: {value}, asked {asked(finding)}, n = {finding.n}: {why}")


def _keep(name: str, document: dict[str, Any], rows: Sequence[Row]) -> None:
    """Writes the run's document and its rows, without the landmarks, below OUT."""
    OUT.mkdir(exist_ok=True)
    (OUT / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n")
    kept = [row for row in rows if row["kind"] != "mesh"]
    (OUT / "rows.json").write_text(json.dumps(kept))


if __name__ == "__main__":
    sys.exit(main())
