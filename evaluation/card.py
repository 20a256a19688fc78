"""The card: how far two photos of one person agree, measure by measure and by skin tone.

`make evaluate` makes it; `python -m evaluation.card` makes it alone, in a few minutes. With
`--publish` it is written: layers/shared/facet/domain/card.json, which `GET /v1/capability` serves,
and docs/card.md, made of the same.
"""

import argparse
import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import combinations
from statistics import median_low
from typing import Any

from evaluation import repeats
from evaluation.card_measures import Name, Number, measures
from evaluation.card_page import PAGE, page
from evaluation.judge import Finding
from evaluation.measure import FINE
from evaluation.photos import ROOT, folder
from evaluation.repeats import Figure
from evaluation.takes import PRESS, Take, sources, takes
from facet.domain.card import (
    ALL,
    FEWEST,
    Agreement,
    Card,
    CardMeasure,
    Coverage,
    LabelAgreement,
    PhotoSet,
    Refused,
    Repeat,
    ToneGroup,
)
from facet.domain.face import FaceReading
from facet.vision.versions import running_versions

FILE = ROOT / "layers" / "shared" / "facet" / "domain" / "card.json"
# ITA in degrees: a group lies above its limit, and reaches up to the one before.
GROUPS: Mapping[ToneGroup, float] = {
    "above_55": 55,
    "28_to_55": 28,
    "10_to_28": 10,
    "below_10": -91,
}
SECTION = "Two photos of one person"
MADE_BY = ("pipeline", "detector", "mesh")  # of every measure
_DIGITS = 3  # behind the point: more than any of these is known to

type Person = Sequence[Take]  # the photos of one person that were read


def card_of(taken: Sequence[Take], made_on: date | None = None) -> Card:
    """All photos, read -> the card, of today unless another day is told."""
    readings = [take.reading for take in taken if take.reading]
    made = readings[0].versions
    versions = running_versions() | {"detector": made.detector, "mesh": made.mesh}
    sets: dict[str, list[Take]] = defaultdict(list)
    for take in taken:
        sets[take.source.set].append(take)
    return Card(
        made_on=made_on or datetime.now(UTC).date(),
        versions=versions,
        photos=tuple(_set(name, those) for name, those in sets.items()),
        refused=tuple(row for name, those in sets.items() for row in _refused(name, those)),
        measures=tuple(_measure(measure, sets, versions) for measure in measures(readings)),
    )


def _set(name: str, taken: Sequence[Take]) -> PhotoSet:
    return PhotoSet(
        name=name,
        people=len({take.source.person for take in taken}),
        photos=len(taken),
        read=sum(take.reading is not None for take in taken),
        preset=taken[0].source.preset,
    )


def _measure(
    measure: Number | Name, sets: Mapping[str, Sequence[Take]], versions: Mapping[str, str]
) -> CardMeasure:
    told: dict[str, Any] = {
        "name": measure.name,
        "kind": "number" if isinstance(measure, Number) else "name",
        "unit": measure.unit if isinstance(measure, Number) else "",
        "versions": {name: versions[name] for name in (*MADE_BY, *measure.tables)},
        "half": "judged" if measure.judged else "all",
        "coverage": tuple(
            row for name, taken in sets.items() for row in _coverage(measure, name, taken)
        ),
    }
    if isinstance(measure, Number):
        told["labels"] = tuple(_labels(measure, sets))
    if measure.name in FINE:
        return CardMeasure(**told, status="not_measured", code="too_small")
    people = _people([take for take in sets[PRESS] if take.source.judged or not measure.judged])
    if isinstance(measure, Number):
        told["repeats"] = tuple(_repeat(measure, *group) for group in _by_person(people))
    else:
        told["agreements"] = (
            *(_agreement("first", measure.first, *group) for group in _by_person(people)),
            *(_agreement("named", measure.given, *group) for group in _by_person(people)),
        )
    if measure.of_concerns:
        told["without"] = tuple(sorted(FINE))
    return CardMeasure(**told, status="measured")


def _repeat(measure: Number, group: ToneGroup, people: Sequence[Person]) -> Repeat:
    readings = [
        [(value, measure.least(reading) or 0) for reading, value in _with(measure.value, person)]
        for person in people
    ]
    values = [[value for value, _ in person] for person in readings]
    found = repeats.spread(values)
    if found is None or found.people < FEWEST:
        count, pairs = _counted(values)
        return Repeat(tone_group=group, status="too_few", people=count, pairs=pairs)
    # In units of minimum_change, the larger of both readings.
    moved = [
        abs(one - other) / max(least, less)
        for person in readings
        for (one, least), (other, less) in combinations(person, 2)
        if max(least, less)
    ]
    return Repeat(
        tone_group=group,
        status="measured",
        people=found.people,
        pairs=found.pairs,
        icc=_rounded(found.icc.value) if found.icc else None,
        icc_interval=_ends(found.icc) if found.icc else None,
        sd=_rounded(found.sd.value),
        sd_interval=_ends(found.sd),
        median=_rounded(found.median.value),
        within_95=_rounded(found.within_95.value),
        within_95_interval=_ends(found.within_95),
        minimum_changes=_rounded(median_low(moved)) if moved else None,
        beyond_minimum_change=_rounded(sum(by > 1 for by in moved) / len(moved)) if moved else None,
    )


def _agreement(
    of: str,
    said: Callable[[FaceReading], str | None],
    group: ToneGroup,
    people: Sequence[Person],
) -> Agreement:
    names = [[name for _, name in _with(said, person)] for person in people]
    found = repeats.agreement(names)
    told: dict[str, Any] = {"of": of, "tone_group": group}
    if found is None or found.people < FEWEST:
        count, pairs = _counted(names)
        return Agreement(**told, status="too_few", people=count, pairs=pairs)
    return Agreement(
        **told,
        status="measured",
        people=found.people,
        pairs=found.pairs,
        same=_rounded(found.same.value),
        same_interval=_ends(found.same),
        strangers=_rounded(found.strangers),
    )


def _coverage(measure: Number | Name, name: str, taken: Sequence[Take]) -> Iterator[Coverage]:
    halved = measure.judged and name == PRESS
    read = [take for take in taken if take.reading and (take.source.judged or not halved)]
    for group, those in _by_photo(read):
        told: dict[str, Any] = {"photos": name, "tone_group": group, "n": len(those)}
        if len(those) < FEWEST:
            yield Coverage(**told, status="too_few")
            continue
        if isinstance(measure, Name):
            there = len(_with(measure.first, those))
            told["named"] = _rounded(len(_with(measure.given, those)) / len(those))
        else:
            there = len(_with(measure.value, those))
        share = repeats.share(there, len(those))
        yield Coverage(
            **told,
            status="measured",
            measured=_rounded(share.value),
            measured_interval=_ends(share),
        )


def _labels(measure: Number, sets: Mapping[str, Sequence[Take]]) -> Iterator[LabelAgreement]:
    for name, label in measure.labels:
        both = [
            (value, take.source.labels[label])
            for take in sets[name]
            for _, value in _with(measure.value, [take])
        ]
        rho = repeats.rank_correlation([ours for ours, _ in both], [theirs for _, theirs in both])
        if rho:
            told: dict[str, Any] = {"label": label, "photos": name, "n": len(both)}
            yield LabelAgreement(**told, rho=_rounded(rho.value), rho_interval=_ends(rho))


def _refused(name: str, taken: Sequence[Take]) -> Iterator[Refused]:
    for group, those in _by_photo(taken):
        told: dict[str, Any] = {"photos": name, "tone_group": group, "n": len(those)}
        if len(those) < FEWEST:
            yield Refused(**told, status="too_few")
            continue
        share = repeats.share(sum(take.reading is None for take in those), len(those))
        yield Refused(
            **told,
            status="measured",
            refused=_rounded(share.value),
            refused_interval=_ends(share),
        )


def _with[Read](
    read: Callable[[FaceReading], Read | None], taken: Sequence[Take]
) -> list[tuple[FaceReading, Read]]:
    """The photos on which something can be read, and what is."""
    readings = [take.reading for take in taken if take.reading]
    return [(reading, made) for reading in readings if (made := read(reading)) is not None]


# --- groups ---------------------------------------------------------------------------------------


def group_of(ita: float) -> ToneGroup:
    """The tone group of an ITA in degrees."""
    return next(group for group, limit in GROUPS.items() if ita > limit)


def _by_photo(taken: Sequence[Take]) -> Iterator[tuple[ToneGroup, list[Take]]]:
    """All photos, then those of each group by their own ITA."""
    yield ALL, list(taken)
    for group in GROUPS:
        yield (
            group,
            [take for take in taken if take.ita is not None and group_of(take.ita) == group],
        )


def _people(taken: Sequence[Take]) -> list[Person]:
    """The photos of every person that were read."""
    people: dict[str, list[Take]] = defaultdict(list)
    for take in taken:
        if take.reading:
            people[take.source.person].append(take)
    return list(people.values())


def _by_person(people: Sequence[Person]) -> Iterator[tuple[ToneGroup, Sequence[Person]]]:
    """Everybody, then those of each group by the mean ITA of their photos."""
    yield ALL, people
    for group in GROUPS:
        yield group, [person for person in people if group_of(_mean_ita(person)) == group]


def _mean_ita(person: Person) -> float:
    itas = [take.reading.skin.tone.ita for take in person if take.reading]
    return sum(itas) / len(itas)


def _counted(readings: Sequence[Sequence[object]]) -> tuple[int, int]:
    """(people, pairs) that have two readings or more"""
    sizes = [len(person) for person in readings if len(person) > 1]
    return len(sizes), sum(size * (size - 1) // 2 for size in sizes)


def _rounded(value: float) -> float:
    return round(float(value), _DIGITS)


def _ends(figure: Figure) -> tuple[float, float]:
    low, high = figure.interval
    return _rounded(low), _rounded(high)


def findings(card: Card) -> list[Finding]:
    """What the card says of all people, for the report: nothing was asked of it."""
    found = []
    for measure in card.measures:
        for repeat in measure.repeats:
            if repeat.tone_group == ALL and repeat.icc_interval:
                low, high = repeat.icc_interval
                note = f"{low:.2f} to {high:.2f}; sd {repeat.sd:g} {measure.unit}"
                what = f"{measure.name}: ICC"
                found.append(Finding(SECTION, what, repeat.icc, "", n=repeat.people, note=note))
        for row in measure.agreements:
            if row.tone_group == ALL and row.same_interval and row.strangers is not None:
                low, high = row.same_interval
                note = f"{low:.2f} to {high:.2f}; strangers {row.strangers:.2f}"
                what = f"{measure.name}: agree, {row.of}"
                found.append(Finding(SECTION, what, row.same, "share", n=row.pairs, note=note))
    return found


# --- the command ----------------------------------------------------------------------------------


def publish(card: Card) -> None:
    """Writes the card's document and its page."""
    text = json.dumps(card.model_dump(mode="json", exclude_none=True), indent=0)
    FILE.write_text(f"{text}\n", encoding="utf-8")
    PAGE.write_text(page(card), encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m evaluation.card", description=__doc__)
    parser.add_argument(
        "--workers", type=int, default=os.process_cpu_count(), help="processes; one per core"
    )
    parser.add_argument("--publish", action="store_true", help="write card.json and docs/card.md")
    options = parser.parse_args()
    begun = time.monotonic()
    try:
        photos = sources(folder())
    except FileNotFoundError as error:
        print(f"No card: no photos ({error.filename}); set FACET_FACES.", file=sys.stderr)
        return 1
    card = card_of(takes(photos, options.workers))
    if options.publish:
        publish(card)
    print(page(card))
    print(f"{sum(s.photos for s in card.photos)} photos in {time.monotonic() - begun:.0f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
