"""The tone of one person: what their kept analyses say of it, and what they say themselves."""

import tomllib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import cache
from importlib import resources
from itertools import islice
from typing import Any, Self

from pydantic import Field

from facet.domain.advice import Profile
from facet.domain.analysis import Analysis
from facet.domain.base import Stored
from facet.domain.face import FaceReading, Tone
from facet.domain.foundation import ita_error, ita_of_sold
from facet.domain.tone import ToneEvidence, ToneOfPerson, monk_limits, pool


class TonePart(Stored):
    """What one analysis says of its person's tone, for as long as it is kept."""

    evidence: tuple[ToneEvidence, ...] = Field(min_length=1, description="one for each photo")
    photos: frozenset[str] = Field(
        default=frozenset(), description="checksums of its photos; empty for a part of before"
    )
    created_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, analysis: Analysis, reading: FaceReading) -> Self | None:
        """The part of an analysis; None where its reading says nothing of the person's tone."""
        evidence = evidence_of(reading)
        if not evidence:
            return None
        return cls(
            evidence=evidence,
            photos=frozenset(photo.checksum_sha256 for photo in analysis.sent),
            created_at=analysis.created_at,
            expires_at=analysis.expires_at,
        )


def evidence_of(reading: FaceReading) -> tuple[ToneEvidence, ...]:
    """What a reading says of its person's tone; empty for one of before it had an error."""
    evidence = ToneEvidence.of(reading.skin.tone, reading.quality.reference)
    return (evidence,) if evidence else ()


def kept_evidence(newest_first: Iterable[TonePart], now: datetime) -> tuple[ToneEvidence, ...]:
    """What the newest parts that are kept at `now` say: an expired one may outlive its moment.

    A photo that was sent again says nothing new.
    """
    kept = (part for part in islice(newest_first, most_parts()) if part.expires_at > now)
    evidence: list[ToneEvidence] = []
    counted: set[str] = set()
    for part in kept:
        if not part.photos or not part.photos <= counted:
            evidence += part.evidence
        counted |= part.photos
    return tuple(evidence)


def tone_of_person(seen: Sequence[ToneEvidence], profile: Profile) -> ToneOfPerson | None:
    """The tone of a person from what their photos say and what they told; None: neither does."""
    return pool((*seen, *told_of_tone(profile)))


def told_of_tone(profile: Profile) -> Iterator[ToneEvidence]:
    """What a person says fits them: a Monk tone, and a foundation by the colour they chose for it.

    A foundation says nothing where its colour is none that foundations are sold in.
    """
    if profile.monk_tone is not None:
        rule = _table()["monk"]
        low, high = monk_limits(profile.monk_tone)
        error = max(rule["least"], rule["steps"] * (high - low))
        yield ToneEvidence(kind="monk", ita=(low + high) / 2, error=error)
    foundation = profile.fitting_foundation
    if foundation and (ita := ita_of_sold(foundation.hex)) is not None:
        yield ToneEvidence(kind="foundation", ita=ita, error=ita_error())


def surer(reading: FaceReading, person: ToneOfPerson | None) -> FaceReading:
    """A reading whose tone is the person's, where more than one photo speaks in that.

    What the photo shows stays as it is: colour, hue and undertone.
    """
    if person is None or not person.knows_more:
        return reading
    both = Tone.model_fields.keys() & ToneOfPerson.model_fields.keys()
    tone = reading.skin.tone.model_copy(update={name: getattr(person, name) for name in both})
    skin = reading.skin.model_copy(update={"tone": tone})
    return reading.model_copy(update={"skin": skin})


@cache
def most_parts() -> int:
    """How many parts count, the newest first."""
    return int(_table()["analyses"]["most"])


@cache
def _table() -> dict[str, Any]:
    table = resources.files("facet.domain").joinpath("tone_of_person.toml")
    return tomllib.loads(table.read_text(encoding="utf-8"))
