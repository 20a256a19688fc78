"""The test-retest and fairness card: how far two photos of one person agree, measure by measure.

card.json is measured and written by `python -m evaluation.card --publish`: groups of people, never
one. What it says holds for the versions it was measured with, and for no other.
"""

import json
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib import resources
from typing import Any, Literal

from pydantic import Field

from facet.domain.base import Fraction, Part
from facet.domain.face import Versions

ToneGroup = Literal["all", "above_55", "28_to_55", "10_to_28", "below_10"]
ALL: ToneGroup = "all"
FEWEST = 10  # people or photos of a group; below it nothing is said but how many there are
Told = Literal["measured", "too_few"]
Interval = tuple[float, float]
# Why a measure has no figures of two photos, each with its sentence below [capability].
Lack = Literal["other_version", "too_small"]


class Repeat(Part):
    """A number on two photos of one person, among the people of one tone group."""

    tone_group: ToneGroup = Field(description="by the mean ITA of the person's photos, degrees")
    status: Told = Field(description="too_few: fewer than 10 people")
    people: int = Field(ge=0, description="with two readings or more")
    pairs: int = Field(ge=0, description="of two photos of one person")
    icc: float | None = Field(
        default=None,
        le=1,
        description="one-way random: 1 where photos of one person agree and people differ; 0 where "
        "they agree no better than strangers",
    )
    icc_interval: Interval | None = Field(default=None, description="95 %")
    sd: float | None = Field(default=None, ge=0, description="within a person, in the unit")
    sd_interval: Interval | None = Field(default=None, description="95 %")
    median: float | None = Field(
        default=None, ge=0, description="half of the pairs differ by no more, in the unit"
    )
    within_95: float | None = Field(
        default=None, ge=0, description="19 of 20 pairs differ by no more, in the unit"
    )
    within_95_interval: Interval | None = Field(default=None, description="95 %")
    minimum_changes: float | None = Field(
        default=None, ge=0, description="the median difference in units of minimum_change"
    )
    beyond_minimum_change: Fraction | None = Field(
        default=None, description="share of the pairs that differ by more than minimum_change"
    )


class Agreement(Part):
    """A name on two photos of one person, among the people of one tone group."""

    of: Literal["first", "named"] = Field(
        description="first: the likeliest name of either photo; named: where both photos name one"
    )
    tone_group: ToneGroup = Field(description="by the mean ITA of the person's photos, degrees")
    status: Told = Field(description="too_few: fewer than 10 people")
    people: int = Field(ge=0, description="with two such photos or more")
    pairs: int = Field(ge=0, description="of two photos of one person")
    same: Fraction | None = Field(default=None, description="share of the pairs with one name")
    same_interval: Interval | None = Field(default=None, description="95 %")
    strangers: Fraction | None = Field(
        default=None, description="the same share among photos of different people"
    )


class Coverage(Part):
    """On how many of the photos that were read a measure is there."""

    photos: str = Field(description="name of the set")
    tone_group: ToneGroup = Field(description="by the ITA of the photo, degrees")
    status: Told = Field(description="too_few: fewer than 10 photos")
    n: int = Field(ge=0, description="photos that were read")
    measured: Fraction | None = Field(default=None, description="share of them")
    measured_interval: Interval | None = Field(default=None, description="95 %")
    named: Fraction | None = Field(
        default=None, description="share of them on which a name was given; for names alone"
    )


class LabelAgreement(Part):
    """A measure against what somebody else says of the same photos."""

    label: Literal["age", "grade", "lesions"] = Field(
        description="age: years; grade: a dermatologist's, of acne, 0 to 3; lesions: how many"
    )
    photos: str = Field(description="name of the set")
    n: int = Field(ge=0, description="photos with both")
    rho: float = Field(ge=-1, le=1, description="Spearman's rank correlation")
    rho_interval: Interval = Field(description="95 %")


class Refused(Part):
    """How many photos the gates refuse."""

    photos: str = Field(description="name of the set")
    tone_group: ToneGroup = Field(
        description="by the ITA of the photo; those on which none can be read are among all"
    )
    status: Told = Field(description="too_few: fewer than 10 photos")
    n: int = Field(ge=0, description="photos")
    refused: Fraction | None = Field(default=None, description="share of them")
    refused_interval: Interval | None = Field(default=None, description="95 %")


class PhotoSet(Part):
    """Photos the card was measured on."""

    name: str = Field(description="as the figures name it")
    about: str | None = Field(default=None, description="what they show")
    people: int = Field(ge=0, description="who are on them")
    photos: int = Field(ge=0, description="all of them, read or not")
    read: int = Field(ge=0, description="photos that the gates let pass")
    preset: str = Field(description="of the gates")


class CardMeasure(Part):
    """One measure, and how far it may be trusted."""

    name: str = Field(description="a concern, a part of the tone, or a name that is given")
    kind: Literal["number", "name"] = Field(description="what it gives")
    unit: str = Field(default="", description="of a number")
    status: Literal["measured", "not_measured"] = Field(
        description="not_measured: nobody knows how two photos of one person differ in it"
    )
    code: Lack | None = Field(default=None, description="not_measured: why")
    reason: str | None = Field(default=None, description="the same in a sentence")
    without: tuple[str, ...] = Field(
        default=(), description="measures it is made of, which the photos by two cannot show"
    )
    versions: dict[str, str] = Field(
        description="of what made the measure when the card was: its figures hold for these alone"
    )
    half: Literal["all", "judged"] = Field(
        default="all",
        description="judged: of the people by two photos only the half to which nothing was tuned",
    )
    repeats: tuple[Repeat, ...] = Field(default=(), description="of a number; all people first")
    agreements: tuple[Agreement, ...] = Field(default=(), description="of a name")
    coverage: tuple[Coverage, ...] = Field(default=(), description="by set and tone group")
    labels: tuple[LabelAgreement, ...] = Field(default=(), description="where there are any")


class Card(Part):
    """The whole card."""

    made_on: date = Field(description="when the photos were measured")
    versions: dict[str, str] = Field(description="of everything that measured them")
    photos: tuple[PhotoSet, ...] = Field(description="what it was measured on")
    refused: tuple[Refused, ...] = Field(description="by set and tone group")
    measures: tuple[CardMeasure, ...]


def load_card() -> Card:
    """The card as it was published."""
    return Card.model_validate(_document())


def holds(measured_with: Mapping[str, str], running: Mapping[str, str]) -> bool:
    """Whether figures measured with some versions hold for others, as far as these are known."""
    return all(
        running[name] == version for name, version in measured_with.items() if name in running
    )


def versions_of(versions: Versions) -> dict[str, str]:
    """What produced a reading, in the names of the card."""
    return {
        "pipeline": versions.pipeline,
        "detector": versions.detector,
        "mesh": versions.mesh,
        "scoring": versions.scoring,
        **versions.tables,
    }


def between_photos(measure: str, versions: Versions) -> float | None:
    """What 19 of 20 pairs of photos of one person differ by at most, in the unit of a concern, or
    in points of the `index`.

    None where nobody measured it, or with other versions than those of a reading.
    """
    measured = _repeats().get(measure)
    if measured is None or not holds(measured[0], versions_of(versions)):
        return None
    return measured[1]


@cache
def _repeats() -> dict[str, tuple[dict[str, str], float]]:
    """Read without its models: every history asks for it, and few ask for the card."""
    return {
        measure["name"]: (measure["versions"], repeat["within_95"])
        for measure in _document()["measures"]
        if measure["status"] == "measured"
        for repeat in measure.get("repeats", ())
        if repeat["tone_group"] == ALL and repeat["status"] == "measured"
    }


@cache
def _document() -> dict[str, Any]:
    text = resources.files("facet.domain").joinpath("card.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document
