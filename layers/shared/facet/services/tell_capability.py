"""The card as it holds for what runs here."""

from collections.abc import Mapping
from datetime import date

from pydantic import Field

from facet.domain.base import Answer
from facet.domain.card import Card, CardMeasure, PhotoSet, Refused, holds
from facet.saying import say


class Capability(Answer):
    """How far two photos of one person agree, and whom it was measured on: groups, never one."""

    made_on: date = Field(description="When the photos were measured.")
    versions: dict[str, str] = Field(description="Of everything that measured them.")
    running: dict[str, str] = Field(description="Of what measures here, as far as it is known.")
    photos: tuple[PhotoSet, ...] = Field(description="What it was measured on.")
    refused: tuple[Refused, ...] = Field(
        (), description="By set and tone group; empty where other gates judge here."
    )
    measures: tuple[CardMeasure, ...] = Field(
        description="Figures of a measure stand only where what makes it is what was measured."
    )


def tell_capability(card: Card, running: Mapping[str, str]) -> Capability:
    """The card, without the figures that belong to other versions than those running."""
    judged = {name: card.versions[name] for name in ("pipeline", "gates")}
    return Capability(
        made_on=card.made_on,
        versions=card.versions,
        running=dict(running),
        photos=tuple(
            photos.model_copy(update={"about": say(f"capability.photos.{photos.name}")})
            for photos in card.photos
        ),
        refused=card.refused if holds(judged, running) else (),
        measures=tuple(_told(measure, running) for measure in card.measures),
    )


def _told(measure: CardMeasure, running: Mapping[str, str]) -> CardMeasure:
    if holds(measure.versions, running):
        if measure.status == "measured":
            return measure
        return measure.model_copy(update={"reason": say("capability.too_small")})
    needs = ", ".join(
        f"{name} {version}"
        for name, version in measure.versions.items()
        if running.get(name, version) != version
    )
    return CardMeasure(
        name=measure.name,
        kind=measure.kind,
        unit=measure.unit,
        status="not_measured",
        code="other_version",
        reason=say("capability.other_version", versions=needs),
        versions=measure.versions,
    )
