"""Holds named conditions against edits that leave the skin alone, drawn skin and acne grades.

Weights and limits were set on every other photo of portraits, ages, close-ups and acne; these
figures are of the rest. `python -m evaluation.conditions` prints them alone, `--tune` those of the
half they were set on, `--usual` what plain faces of that half show, for conditions/<version>.toml.
"""

import os
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evaluation import edits
from evaluation.judge import Finding, limits
from evaluation.measure import models
from evaluation.photos import folder
from evaluation.takes import ACNE, AGES, PRESS, Source, sources, takes
from evaluation.workers import each
from facet.domain.errors import PhotoRejectedError
from facet.domain.face import Prediction
from facet.vision.analyze import analyze_photo
from facet.vision.photo.decode import decode
from facet.vision.photo.gates import load_gates
from facet.vision.skin.prediction import NORMAL, condition_strengths, load_conditions
from facet.vision.skin.scores import CURRENT

SECTION = "Conditions"
DRAWN: Mapping[str, tuple[str, Callable[[edits.Canvas, float], edits.Pixels]]] = {
    "flush": ("redness-prone", edits.redden),
    "papules": ("blemish-prone", edits.add_blemishes),
    "lentigines": ("pigmentation", edits.add_dark_spots),
}
_EVERY = {AGES: 3, ACNE: 2}  # of these that many are edited: the sets are large, or the photos
_GRADED = 2  # the grade from which acne is plain to see


@dataclass(frozen=True)
class Named:
    """What a photo's condition is called, as it is and edited."""

    source: Source
    plain: Prediction
    edited: Mapping[str, Prediction]  # by edit; those that the gates refuse are left out


def judge_conditions(workers: int, *, judged: bool = True) -> list[Finding]:
    """Everything that is asked of a named condition, on one half of the photos."""
    try:
        named = list(read(workers, judged=judged))
    except FileNotFoundError as error:
        why = f"no photos ({error.filename}); set FACET_FACES"
        return [Finding(SECTION, "named at all", None, note=why)]
    return figures(named)


def figures(named: Sequence[Named]) -> list[Finding]:
    """The photos of a half -> every figure."""
    return [*_lasting(named), *_drawn(named), *_graded(named)]


def read(workers: int, *, judged: bool) -> Iterator[Named]:
    """The accepted photos of a half. FileNotFoundError where a set is not there."""
    jobs, count = [], Counter[str]()
    for source in sources(folder()):
        if source.set != PRESS and source.judged == judged:
            jobs.append((source, count[source.set] % _EVERY.get(source.set, 1) == 0))
            count[source.set] += 1
    yield from filter(None, each(_named, jobs, workers))


def _named(source: Source, edited: bool) -> Named | None:
    data = source.data()
    plain = _prediction(data, source)
    if plain is None:
        return None
    if not edited:
        return Named(source, plain, {})
    pixels = decode(data, load_gates("relaxed")).pixels
    files = {name: edit(pixels) for name, edit in edits.NUISANCES.items()}
    faces = models().find_faces(pixels)
    if faces and source.set != ACNE:  # whose own lesions a drawn flush would have to outdo
        mesh = max(faces, key=lambda face: face.detection.width).mesh
        canvas = edits.Canvas(pixels, mesh.points)
        files |= {name: edits.as_png(draw(canvas, 1.0)) for name, (_, draw) in DRAWN.items()}
    edited_too = {name: _prediction(file, source) for name, file in files.items()}
    return Named(source, plain, {name: made for name, made in edited_too.items() if made})


def _prediction(data: bytes, source: Source) -> Prediction | None:
    try:
        return analyze_photo(data, models(), load_gates(source.preset)).reading.prediction
    except PhotoRejectedError:
        return None


def _lasting(named: Sequence[Named]) -> Iterator[Finding]:
    asked = limits()["conditions"]
    names = [photo.plain.condition for photo in named]
    yield Finding(
        SECTION,
        "photos on which a condition, or `normal`, is named",
        1 - names.count(None) / len(names),
        "share",
        n=len(named),
        note=_counts(names),
    )
    by_name, by_edit = defaultdict[str, list[bool]](list), defaultdict[str, list[bool]](list)
    for photo in named:
        if name := photo.plain.condition:
            for edit in edits.NUISANCES.keys() & photo.edited.keys():
                stays = photo.edited[edit].all_conditions[0].name == name
                by_name[name].append(stays)
                by_edit[edit].append(stays)
    every = [stays for those in by_name.values() for stays in those]
    yield Finding(
        SECTION,
        "a named condition stays first, edits that leave the skin alone",
        float(np.mean(every)) if every else None,
        "share",
        least=asked["lasting"],
        n=len(every),
        note="; ".join((_shares(by_name), _shares(by_edit))),
    )


def _drawn(named: Sequence[Named]) -> Iterator[Finding]:
    for edit, (condition, _) in DRAWN.items():
        those = [photo.edited[edit].condition for photo in named if edit in photo.edited]
        yield Finding(
            SECTION,
            f"drawn {edit} are named {condition}",
            those.count(condition) / len(those) if those else None,
            "share",
            least=limits()["conditions"]["drawn"],
            n=len(those),
            note=_counts(those),
        )


def _graded(named: Sequence[Named]) -> Iterator[Finding]:
    those = [
        photo.plain.condition
        for photo in named
        if photo.source.set == ACNE and photo.source.labels["grade"] >= _GRADED
    ]
    yield Finding(
        SECTION,
        f"a condition is named on acne of grade {_GRADED} and more",
        sum(name not in (None, NORMAL) for name in those) / len(those) if those else None,
        "share",
        least=limits()["conditions"]["acne"],
        n=len(those),
        note=_counts(those),
    )


def _shares(answers: Mapping[str, Sequence[bool]]) -> str:
    ordered = sorted(answers.items(), key=lambda item: float(np.mean(item[1])))
    return ", ".join(f"{name} {np.mean(those):.2f}" for name, those in ordered)


def _counts(names: Sequence[str | None]) -> str:
    counts = Counter(name or "none" for name in names)
    return ", ".join(f"{name} {count}" for name, count in counts.most_common())


def usual(workers: int) -> Iterator[str]:
    """Lines for `[usual]`: each condition's strength on plain faces of the half to tune on."""
    photos = [source for source in sources(folder()) if source.set not in (PRESS, ACNE)]
    table = load_conditions(CURRENT)
    strengths = defaultdict[str, list[float]](list)
    for taken in takes([source for source in photos if not source.judged], workers):
        if taken.reading:
            concerns = taken.reading.skin.concerns
            for condition, strength in condition_strengths(concerns, table).items():
                strengths[condition].append(strength)
    for condition in table.conditions:
        low, middle, high = np.quantile(strengths[condition], (0.16, 0.5, 0.84))
        yield f"{condition} = [{middle:.3f}, {(high - low) / 2:.3f}]"


def main() -> int:
    """The figures, or with --usual the table; status 1 where a figure is not reached."""
    workers = os.process_cpu_count() or 1
    if "--usual" in sys.argv:
        print("\n".join(usual(workers)))
        return 0
    findings = judge_conditions(workers, judged="--tune" not in sys.argv)
    for finding in findings:
        print(finding.line)
    return int(any(finding.met is False for finding in findings))


if __name__ == "__main__":
    sys.exit(main())
