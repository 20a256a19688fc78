"""GET /v1/analyses/{id}/overlays/{concern}: where a concern is, drawn once and kept for a day."""

from datetime import datetime

from pydantic import Field

from facet.domain.base import Answer
from facet.domain.errors import (
    AnalysisNotFoundError,
    PermanentError,
    PhotoGoneError,
    PhotoNotReadyError,
)
from facet.domain.face import Concern
from facet.domain.places import overlay_key
from facet.domain.storage import PICTURES_SIGNED_FOR
from facet.saying import plain, say
from facet.services.ports import Analyses, Objects
from facet.vision.drawing.legend import Legend
from facet.vision.drawing.overlay import OUTLINE, colour_on, draw_overlay
from facet.vision.drawing.portrait import OpenPortrait


class LegendEntry(Answer):
    """What one colour of the picture means."""

    hex: str = Field(pattern=r"^#[0-9a-f]{6}$", description="The colour in sRGB.")
    meaning: str = Field(description="In English.")


class OverlayDocument(Answer):
    """A transparent picture to lay over the photo, and what it shows."""

    analysis_id: str = Field(description="Whose photo it lies over.")
    concern: str = Field(description="Name of the concern in `skin.concerns`.")
    url: str = Field(
        description="PNG with transparency, of the photo's own width and height: lay it over "
        "`photo.optimized_url`, scaled alike. A legend is drawn in, above or below the face."
    )
    expires_at: datetime = Field(description="When the URL stops working (UTC).")
    width: int = Field(description="Pixels of the picture and of the photo.")
    height: int = Field(description="Pixels of the picture and of the photo.")
    measured: float | None = Field(None, description="In `unit`; also drawn in.")
    unit: str = Field(default="", description="Of the legend's values.")
    minimum_change: float | None = Field(
        None, ge=0, description="In `unit`; a smaller difference is noise."
    )
    regions: tuple[str, ...] = Field((), description="The regions that are outlined.")
    legend: tuple[LegendEntry, ...] = Field(description="Which colour stands for which value.")


def show_overlay(
    user_id: str,
    analysis_id: str,
    name: str,
    *,
    now: datetime,
    analyses: Analyses,
    media: Objects,
    open_portrait: OpenPortrait,
) -> OverlayDocument:
    """The overlay of a concern with its signed URL; drawn if it is asked for the first time.

    Raises PermanentError: analysis_not_found, photo_not_ready, concern_not_found,
    concern_not_measured, photo_gone, face_not_found.
    """
    analysis = analyses.read(user_id, analysis_id)
    if analysis is None:
        raise AnalysisNotFoundError
    if analysis.reading is None or analysis.photo is None:
        raise PhotoNotReadyError
    concern = _measured(analysis.reading.skin.concerns, name)
    regions = tuple(region.name for region in concern.regions if region.polygon)
    key = overlay_key(user_id, analysis_id, name)
    colour = colour_on(analysis.reading.skin.tone.lab[0])
    if not media.exists(key):
        photo = media.get(analysis.photo_key)
        if photo is None:
            raise PhotoGoneError
        portrait = open_portrait(photo)
        legend = _legend(concern, bool(regions))
        picture = draw_overlay(
            portrait.pixels, portrait.points, name, regions, legend=legend, colour=colour
        )
        media.put(key, picture, "image/png", analysis.correlation_id)
        if analyses.get(user_id, analysis_id) is None:  # deleted while we drew
            media.delete(key)
            raise AnalysisNotFoundError
    seconds = int(PICTURES_SIGNED_FOR.total_seconds())
    clear, strong = _ends(name)
    return OverlayDocument(
        analysis_id=analysis_id,
        concern=name,
        url=media.presign_get(key, seconds),
        expires_at=now + PICTURES_SIGNED_FOR,
        width=analysis.photo.width,
        height=analysis.photo.height,
        measured=concern.measured,
        unit=concern.unit,
        minimum_change=concern.minimum_change,
        regions=regions,
        legend=(
            LegendEntry(hex=colour, meaning=say("overlay.opacity", clear=clear, strong=strong)),
            *([LegendEntry(hex=OUTLINE, meaning=say("overlay.outline"))] if regions else []),
        ),
    )


def _measured(concerns: tuple[Concern, ...], name: str) -> Concern:
    by_name = {concern.name: concern for concern in concerns}
    if name not in by_name:
        raise PermanentError("concern_not_found", names=", ".join(sorted(by_name)))
    concern = by_name[name]
    if concern.measured is None:
        raise PermanentError("concern_not_measured", concern.reason or None)
    return concern


def _legend(concern: Concern, outlined: bool) -> Legend:
    name = plain(concern.name).capitalize()
    notes = []
    if concern.minimum_change:
        notes.append(say("overlay.noise", least=concern.minimum_change))
    if outlined:
        notes.append(say("overlay.outlined"))
    title = say("overlay.title", name=name, measured=concern.measured, unit=concern.unit).strip()
    return Legend(title, " ".join(notes), _ends(concern.name))


def _ends(concern: str) -> tuple[str, str]:
    """What the ends of the map's opacity mean; greyness is shown against the face's own usual
    colour."""
    if concern == "dullness":
        return say("overlay.as_usual"), say("overlay.greyer")
    return say("overlay.none"), say("overlay.strong")
