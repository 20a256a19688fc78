"""Several photos of one face, each read by itself, as one reading.

What is measured is the plain mean: for errors of one size it is the steadiest (Gauss-Markov), and
a concern's confidence says how far to believe its definition, not how much it scatters. Shares are
means too: a product would take the photos for independent witnesses, which one light does not let
them be. Pictures, outlines, pose and colours of features are of the best photo alone.
"""

import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from statistics import fmean, variance
from typing import Any

import numpy as np

from facet import colour
from facet.domain.errors import PhotoRejectedError
from facet.domain.face import (
    Classification,
    Concern,
    FaceReading,
    PhotoOutcome,
    PhotoStatus,
    Region,
    Share,
    Skin,
    Tone,
)
from facet.domain.naming import named
from facet.domain.tone import (
    ToneEvidence,
    class_rule,
    class_shares,
    given,
    left_open,
    monk_shares,
    photo_kind,
)
from facet.vision.analyze import PhotoAnalysis
from facet.vision.skin.index import skin_index
from facet.vision.skin.prediction import load_conditions, predict
from facet.vision.skin.scores import Scoring, load_scoring
from facet.vision.skin.tone import belief

_VERDICTS = ("rejected", "usable", "good")


def together(
    taken: Mapping[int, PhotoAnalysis],
    refused: Mapping[int, PhotoRejectedError],
    unread: Sequence[PhotoOutcome] = (),
) -> PhotoAnalysis:
    """Several photos of one face, by their place: those read and those refused -> one analysis.

    Its picture is the best photo's; unread: what became of the others, to be told with them.
    Raises PhotoRejectedError where every one is refused.
    """
    readings = [photo.reading for photo in taken.values()]
    best = list(taken)[best_of(readings)] if taken else None
    outcomes = [
        *unread,
        *(_outcome(index, photo.reading, index == best) for index, photo in taken.items()),
        *(
            PhotoOutcome(index=index, status=PhotoStatus.REJECTED, checks=error.checks)
            for index, error in refused.items()
        ),
    ]
    in_order = tuple(sorted(outcomes, key=lambda outcome: outcome.index))
    if best is None:
        raise _rejection(list(refused.values()), in_order)
    reading = merge(readings).model_copy(update={"photos": in_order})
    return replace(taken[best], reading=reading)


def _outcome(index: int, reading: FaceReading, kept: bool) -> PhotoOutcome:
    checks = reading.quality.checks
    return PhotoOutcome(index=index, status=PhotoStatus.MEASURED, kept=kept, checks=checks)


def _rejection(
    refused: Sequence[PhotoRejectedError], outcomes: tuple[PhotoOutcome, ...]
) -> PhotoRejectedError:
    """Why none of several photos will do: the first one's reason leads, every gate stands once."""
    by_code = {check.code: check for error in reversed(refused) for check in error.checks}
    checks = tuple(sorted(by_code.values(), key=lambda check: check.severity != "reject"))
    return PhotoRejectedError(refused[0].code, refused[0].message, checks, outcomes)


def best_of(readings: Sequence[FaceReading]) -> int:
    """Which of several readings carries its measures best: by verdict, then by confidence."""

    def carries(number: int) -> tuple[int, float]:
        reading = readings[number]
        sure = sum(concern.confidence for concern in reading.skin.concerns)
        return _VERDICTS.index(reading.quality.verdict), sure + reading.skin.tone.confidence

    return max(range(len(readings)), key=carries)


def merge(readings: Sequence[FaceReading]) -> FaceReading:
    """Readings of one face by one version -> what they say together, scored and banded anew.

    One reading comes back as it is.
    """
    best = readings[best_of(readings)]
    if len(readings) == 1:
        return best
    scoring = load_scoring(best.versions.scoring)
    concerns = tuple(
        _concern([_named(concern.name, reading) for reading in readings], concern, scoring)
        for concern in best.skin.concerns
    )
    # A tone measured by a sheet of paper is surer than one in free light, which would blur it.
    by_paper = [reading for reading in readings if _by_paper(reading)]
    shown = by_paper or readings
    of_tone = shown[best_of(shown)]
    seasons = [reading.season for reading in readings if reading.season]
    shapes = [reading.face.shape for reading in readings if reading.face.shape]
    tables = best.versions.tables | {"merge": table_version()}
    return best.model_copy(
        update={
            "quality": best.quality.model_copy(update={"reference": of_tone.quality.reference}),
            "face": best.face.model_copy(update={"shape": _shares(shapes) or None}),
            "skin": Skin(
                tone=_tone([reading.skin.tone for reading in shown], of_tone),
                concerns=concerns,
                index=skin_index(concerns, scoring),
            ),
            "season": _shares(seasons) or None,
            "prediction": predict(concerns, scoring, load_conditions(scoring.version)),
            "classifications": tuple(
                _classification(number, readings) for number in range(len(best.classifications))
            ),
            "versions": best.versions.model_copy(update={"tables": tables}),
        }
    )


def noise_left(concern: str, count: int) -> float:
    """0..1: what is left of a concern's minimum_change in the mean of `count` photos."""
    shared = float(_table()["shared"].get(concern, 1.0))
    return math.sqrt(shared + (1 - shared) / count)


def table_version() -> str:
    """Version of merge.toml."""
    return str(_table()["version"])


def _named(name: str, reading: FaceReading) -> Concern:
    return next(concern for concern in reading.skin.concerns if concern.name == name)


def _concern(all_of_it: Sequence[Concern], best: Concern, scoring: Scoring) -> Concern:
    """The mean over the photos that carry this concern; as in the best photo where none does."""
    read = [concern for concern in all_of_it if concern.measured is not None]
    values = [concern.measured for concern in read if concern.measured is not None]
    if not values:
        return best
    name = best.name
    value = round(fmean(values), 2)
    # Photos of one moment show one skin: what they differ by is noise, however much it is.
    noise = max(scoring.minimum_change(name, value), max(values) - min(values))
    # Upwards, as the scoring rounds: a change of exactly that much is noise.
    least = noise * noise_left(name, len(read))
    return Concern(
        name=name,
        score=scoring.score(name, value),
        measured=value,
        unit=scoring.unit(name),
        band=scoring.band(name, value),
        confidence=round(fmean(concern.confidence for concern in read), 2),
        minimum_change=math.ceil(round(100 * least, 6)) / 100,
        regions=_regions(read, best, scoring),
    )


def _regions(read: Sequence[Concern], best: Concern, scoring: Scoring) -> tuple[Region, ...]:
    """The mean of each region over the photos that show it; outlined where the best one does."""
    outlines = {region.name: region.polygon for region in best.regions}
    measured: dict[str, list[float]] = {}
    for concern in read:
        for region in concern.regions:
            if region.measured is not None:
                measured.setdefault(region.name, []).append(region.measured)
    means = {region: round(fmean(values), 2) for region, values in measured.items()}
    return tuple(
        Region(
            name=region,
            score=scoring.score(best.name, value),
            measured=value,
            polygon=outlines.get(region, ()),
        )
        for region, value in means.items()
    )


def _by_paper(reading: FaceReading) -> bool:
    return photo_kind(reading.quality.reference) == "white_paper"


def _tone(tones: Sequence[Tone], best: FaceReading) -> Tone:
    """The mean colour, as sure as the photos' own spread lets it be, and named like one photo's:
    they were taken together.

    A photo's error is what its light shares with the others and what is its own. Of the latter the
    estimates' variance tells: photos in one light agree and gain nothing, photos in different light
    differ and gain what a mean of independent ones does. Estimates that differ by more than their
    errors allow widen the interval again.
    """
    evidence = [ToneEvidence.of(tone) for tone in tones]
    told = [piece for piece in evidence if piece is not None]
    if len(tones) == 1 or len(told) < len(tones):  # read before tones had an error
        return best.skin.tone
    kind = photo_kind(best.quality.reference)
    count = len(told)
    estimate = fmean(piece.ita for piece in told)
    single = fmean(piece.error**2 for piece in told)
    own = variance(piece.ita for piece in told)
    error = math.sqrt(max(0.0, single - own) + own / count)
    left = error / math.sqrt(single)
    down = _rms(piece.ita - tone.ita_interval[0] for piece, tone in zip(told, tones, strict=True))
    up = _rms(tone.ita_interval[1] - piece.ita for piece, tone in zip(told, tones, strict=True))
    lab = np.mean([tone.lab for tone in tones], axis=0)
    below = belief(estimate, error, by_paper=kind == "white_paper").cdf
    classes = class_shares(below)
    angle = float(colour.ita(lab))
    undertones = _shares([tone.undertones for tone in tones])
    low = max(-90.0, min(angle, estimate - left * down))
    high = min(90.0, max(angle, estimate + left * up))
    name = named(class_rule(kind), classes)
    return best.skin.tone.model_copy(
        update={
            "ita": round(angle, 1),
            "ita_interval": (round(low, 1), round(high, 1)),
            "ita_estimate": round(estimate, 1),
            "ita_error": round(error, 1),
            "ita_class": name,
            "monk": monk_shares(below),
            "open": None if name else left_open(low, high, given((kind,), photos=1)),
            "undertone": named("undertone", undertones),
            "undertone_confidence": round(undertones[0].share, 2),
            "undertones": undertones,
            "hue": round(float(colour.hue(lab)), 1),
            "lab": tuple(round(float(value), 1) for value in lab),
            "hex": colour.hex_from_lab(lab),
            "confidence": classes[0].share,
        }
    )


def _rms(values: Iterable[float]) -> float:
    return math.sqrt(fmean(value**2 for value in values))


def _classification(number: int, readings: Sequence[FaceReading]) -> Classification:
    """What one of a team's own models says of all photos; every photo was shown the same models."""
    of_model = [reading.classifications[number] for reading in readings]
    return of_model[0].model_copy(update={"labels": _shares([said.labels for said in of_model])})


def _shares(lists: Sequence[Sequence[Share]]) -> tuple[Share, ...]:
    """The mean share of every name, largest first; empty where there are no lists."""
    names = dict.fromkeys(share.name for shares in lists for share in shares)
    means = {
        name: fmean(next((s.share for s in shares if s.name == name), 0.0) for shares in lists)
        for name in names
    }
    ordered = sorted(means.items(), key=lambda entry: -entry[1])
    return tuple(Share(name=name, share=round(share, 3)) for name, share in ordered)


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("merge.toml").read_text(encoding="utf-8"))
