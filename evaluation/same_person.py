"""Holds what is read of a person's tone against other photos of the same person.

Three press photos each of 601 people (same_person of FACET_FACES), enlarged four times; limits were
set on people with an even number, and these figures are of those with an odd one. Studio portraits
say how far light that can be trusted is left alone. `python -m evaluation.same_person` prints these
figures alone; `make evaluate` has them among its own.
"""

import os
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import permutations
from math import hypot
from statistics import NormalDist, mean, median

from evaluation.judge import Finding, limits
from evaluation.photos import folder
from evaluation.repeats import Figure, agreement, correlation, ratio, spread
from evaluation.takes import AGES, PORTRAITS, PRESS, Take, sources, takes
from facet.domain.face import FaceReading, Share
from facet.domain.naming import Nameable, named
from facet.domain.tone import ToneEvidence, ToneOfPerson, coverage, pool

SECTION = "Same person"
KINDS: tuple[Nameable, ...] = ("ita_class", "undertone", "season", "shape")
SETS = (PRESS, PORTRAITS, AGES)
_TENTH = 10


@dataclass(frozen=True)
class Reading:
    """What one photo says of a tone, and what it gives a name."""

    ita: float  # degrees, as the photo shows it
    interval: tuple[float, float]
    evidence: ToneEvidence  # of the person's ITA
    names: dict[Nameable, str | None]  # by kind; None where the photo leaves it open


type People = dict[str, list[Reading]]  # the photos of each that were accepted


def judge_same_person(taken: Sequence[Take]) -> list[Finding]:
    """Photos, read -> everything that is asked of a tone over several, on the half for judging."""
    return figures(*of_half(taken, judged=True))


def figures(people: People, portraits: Sequence[Reading]) -> list[Finding]:
    """The readings of people's photos and of studio portraits -> every figure."""
    return [
        *repeated(people),
        *intervals(people),
        *pooled(people),
        *names(people),
        *left(portraits),
    ]


def of_half(taken: Sequence[Take], *, judged: bool) -> tuple[People, list[Reading]]:
    """The readings of half the people and of half the studio portraits, those accepted."""
    people: People = defaultdict(list)
    portraits: list[Reading] = []
    for take in taken:
        if take.source.set not in SETS or take.source.judged != judged:
            continue
        if take.reading and (reading := reading_of(take.reading)):
            press = take.source.set == PRESS
            (people[take.source.person] if press else portraits).append(reading)
    return people, portraits


def repeated(people: People) -> list[Finding]:
    """How far ITA repeats: nothing is asked, since a photo shows what its light makes of a skin."""
    seen = spread([[reading.ita for reading in readings] for readings in people.values()])
    if seen is None or seen.icc is None:
        return [Finding(SECTION, "ITA, intraclass correlation", None, note="too few photos")]
    told = partial(Finding, SECTION, n=seen.pairs)
    return [
        told("ITA, intraclass correlation", seen.icc.value, note=_95(seen.icc)),
        told("ITA, median difference of two photos", seen.median.value, note=_95(seen.median)),
    ]


def intervals(people: People) -> list[Finding]:
    """Whether the interval of one photo holds the mean ITA of the person's two others."""
    asked = limits()["same_person"]
    held, widths = [], []
    for readings in _threes(people):
        inside = [
            one.interval[0] <= mean(other.ita for other in others) <= one.interval[1]
            for one, others in _each_apart(readings)
        ]
        held.append(inside)
        widths += [reading.interval[1] - reading.interval[0] for reading in readings]
    low, high = asked["held"]
    return [
        _asked("interval holds the mean of the two others", held, least=low, most=high),
        Finding(
            SECTION,
            "median width of that interval",
            median(widths),
            unit="degrees",
            most=asked["width"],
            n=len(widths),
            note="photos",
        ),
    ]


def pooled(people: People) -> list[Finding]:
    """What two photos say together, against the third photo of the person."""
    asked = limits()["same_person"]
    # Of every person and third photo: its ITA, and what the two others say of it.
    held, thirds, estimates, plain, single = ([] for _ in range(5))
    for readings in _threes(people):
        apart = [
            (third, others, person)
            for third, others in _each_apart(readings)
            if (person := pool([other.evidence for other in others]))
        ]
        held.append([_holds(person, third) for third, _, person in apart])
        thirds.append([third.ita for third, _, _ in apart])
        estimates.append([person.ita for _, _, person in apart])
        plain.append([mean(other.ita for other in others) for _, others, _ in apart])
        single.append([others[0].ita for _, others, _ in apart])
    low, high = asked["held"]
    found = correlation(estimates, thirds)
    note = (
        f"{_95(found)}; one photo {correlation(single, thirds).value:.2f}, "
        f"plain mean {correlation(plain, thirds).value:.2f}"
    )
    return [
        _asked("third photo inside what two and its error say", held, least=low, most=high),
        Finding(
            SECTION,
            "two photos' estimate with the third's ITA, correlation",
            found.value,
            least=asked["correlation"],
            n=sum(map(len, thirds)),
            note=note,
        ),
    ]


def _holds(person: ToneOfPerson, photo: Reading) -> bool:
    """Whether a photo's ITA lies within a person's interval and the photo's own error."""
    low, high = person.ita_interval
    own = NormalDist().inv_cdf((1 + coverage()) / 2) * photo.evidence.error
    return abs(photo.ita - person.ita) <= hypot((high - low) / 2, own)


def names(people: People) -> list[Finding]:
    """What both photos of a pair name, and whether they name the same."""
    return [finding for kind in KINDS for finding in _named(people, kind)]


def _named(people: People, kind: Nameable) -> list[Finding]:
    asked = limits()["same_person"]
    every = [reading.names[kind] for readings in people.values() for reading in readings]
    share, least = mean(name is not None for name in every), asked["named"].get(kind)
    findings = [Finding(SECTION, f"{kind}: photos with a name", share, least=least, n=len(every))]
    given = [[r.names[kind] for r in readings if r.names[kind]] for readings in people.values()]
    alike = agreement(given)
    if alike is None:
        return findings
    told = partial(Finding, SECTION, n=alike.pairs)
    above = alike.same.value - alike.strangers
    return [
        *findings,
        told(f"{kind}: pairs with two names", alike.pairs, least=asked["pairs"]),
        told(
            f"{kind}: of these the same",
            alike.same.value,
            least=asked["agree"],
            note=_95(alike.same),
        ),
        told(
            f"{kind}: more than named strangers",
            above,
            least=asked["above_strangers"],
            note=f"strangers {alike.strangers:.2f}",
        ),
        *(
            _asked(
                f"{kind}: {name} told again",
                [
                    [other == name for one, other in _each(of_one) if one == name]
                    for of_one in given
                ],
                least=asked["agree_each"],
            )
            for name in sorted(
                {name for of_one in given if len(of_one) > 1 for name in of_one if name}
            )
        ),
    ]


def _each(of_one: Sequence[str | None]) -> Iterator[tuple[str | None, str | None]]:
    """Every pair of a person's names, either way round."""
    return permutations(of_one, 2)


def left(portraits: Sequence[Reading]) -> list[Finding]:
    """How far the estimate moves the darkest and the lightest tenth of studio portraits."""
    ordered = sorted(portraits, key=lambda reading: reading.ita)
    count = max(1, len(ordered) // _TENTH)
    findings = []
    for which, tenth in (("darkest", ordered[:count]), ("lightest", ordered[-count:])):
        moves = [reading.evidence.ita - reading.ita for reading in tenth]
        findings.append(
            Finding(
                SECTION,
                f"studio portraits, {which} tenth, median move of the estimate",
                abs(median(moves)),
                unit="degrees",
                most=limits()["same_person"]["moved"],
                n=count,
                note=f"mean {mean(moves):+.1f}",
            )
        )
    return findings


def reading_of(reading: FaceReading) -> Reading | None:
    """What of a reading is judged here."""
    tone = reading.skin.tone
    evidence = ToneEvidence.of(tone)
    return Reading(tone.ita, tone.ita_interval, evidence, _names(reading)) if evidence else None


def _names(reading: FaceReading) -> dict[Nameable, str | None]:
    tone = reading.skin.tone
    classes = (Share(name=tone.ita_class, share=tone.confidence),) if tone.ita_class else ()
    return {
        "ita_class": named("ita_class", classes),
        "undertone": named("undertone", tone.undertones),
        "season": named("season", reading.season or ()),
        "shape": named("shape", reading.face.shape or ()),
    }


def _threes(people: People) -> Iterator[list[Reading]]:
    return (readings for readings in people.values() if len(readings) == 3)


def _each_apart(readings: Sequence[Reading]) -> Iterator[tuple[Reading, list[Reading]]]:
    """Each photo of a person with the others."""
    for one in range(len(readings)):
        yield readings[one], [*readings[:one], *readings[one + 1 :]]


def _asked(
    what: str,
    values: Sequence[Sequence[bool]],
    *,
    least: float | None = None,
    most: float | None = None,
) -> Finding:
    """A share over values grouped by person, with its interval over resampled people."""
    wholes = [len(of_one) for of_one in values]
    found = ratio([sum(of_one) for of_one in values], wholes)
    note = _95(found)
    return Finding(SECTION, what, found.value, least=least, most=most, n=sum(wholes), note=note)


def _95(figure: Figure) -> str:
    low, high = figure.interval
    return f"95 %: {low:.2f} to {high:.2f}"


def main() -> int:
    try:
        photos = [it for it in sources(folder()) if it.set in SETS and it.judged]
    except FileNotFoundError as error:
        print(f"Not judged: no photos ({error.filename}); set FACET_FACES.", file=sys.stderr)
        return 1
    findings = judge_same_person(takes(photos, os.process_cpu_count() or 1))
    for finding in findings:
        print(finding.line)
    return int(any(finding.met is False and finding.excuse is None for finding in findings))


if __name__ == "__main__":
    sys.exit(main())
