"""What the analysis says of a photo and of everything the evaluation does to it, as plain rows."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from evaluation import edits
from evaluation.photos import CLOSEUPS, ROOT, FacePhoto
from facet.domain.errors import PhotoRejectedError
from facet.vision.analyze import analyze_photo
from facet.vision.face.landmarks import part
from facet.vision.face.models import FaceModels
from facet.vision.photo.gates import Preset, load_gates
from facet.vision.skin.scores import load_scoring

CONCERNS = tuple(load_scoring().concerns)
# The portraits are small and retouched: fine detail is judged on close-ups only.
FINE = frozenset({"texture", "pores", "wrinkles", "blemishes"})
# What a face of each skin tone must agree on with itself.
TONELESS = frozenset({"texture", "wrinkles", "blemishes", "dark_spots"})

# Frontal close-ups at the scale that pores take. No photo at hand has it: these have no detail of
# their own there, so they show that pores are measured where they are drawn, and no more.
ENLARGED = "enlarged"

PRESETS: tuple[Preset, ...] = ("moderate", "strict")

Row = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """What is done to every photo."""

    concerns: frozenset[str] = frozenset(CONCERNS)
    strengths: Sequence[float] = edits.STRENGTHS
    nuisances: Sequence[str] = field(default_factory=lambda: (*edits.NUISANCES, *edits.BALANCES))
    tones: Sequence[int] = tuple(range(2, 10))
    regions: bool = True  # lines in each region on its own
    edited: bool = True  # else every photo is read as it is, and no more


def judged_on(concern: str, group: str) -> bool:
    """Whether a concern is judged on photos of this group."""
    if group == ENLARGED:
        return concern == "pores"
    return group == CLOSEUPS or concern not in FINE


def measure(photo: FacePhoto, plan: Plan) -> list[Row]:
    """Every row of one photo; the first is the photo itself."""
    return list(_rows(photo, plan))


def _rows(photo: FacePhoto, plan: Plan) -> Iterator[Row]:
    about = {"photo": photo.name, "group": photo.group}
    faces = models().find_faces(photo.pixels)
    yield (
        about
        | {"kind": "file", "faces": len(faces)}
        | {preset: _refusals(photo.path.read_bytes(), preset) for preset in PRESETS}
    )
    if not faces:
        return
    mesh = max(faces, key=lambda face: face.detection.width).mesh
    evened = models().evened(photo.pixels, mesh)
    yield (
        about
        | {"kind": "mesh", "points": mesh.points.round(3).tolist()}
        | {"evened": evened.points.round(3).tolist()}
    )
    base = read(edits.as_png(photo.pixels))
    yield about | {"kind": "base", **base}
    # What the gates refuse as it is says nothing about the measures.
    if base.get("rejected") or not plan.edited:
        return
    canvas = edits.Canvas(photo.pixels, mesh.points)
    for name, strength, make in _made(canvas, plan, photo.group):
        yield (
            about
            | {"kind": "own", "edit": name, "strength": strength}
            | read(edits.as_png(make(canvas, strength)))
        )
    for name in plan.nuisances:
        kind = "nuisance" if name in edits.NUISANCES else "balance"
        made = (edits.NUISANCES | edits.BALANCES)[name](photo.pixels)
        yield about | {"kind": kind, "edit": name} | read(made)
    if "pores" in plan.concerns and photo.group == CLOSEUPS and photo.frontal:
        yield from _enlarged(canvas, photo, plan)
    for tone in plan.tones:
        retinted = edits.retint(canvas, tone)
        yield about | {"kind": "tone", "edit": f"monk_{tone}"} | read(edits.as_png(retinted))
        if tone in {edits.LIGHT, edits.DARK}:
            again = edits.Canvas(retinted, mesh.points)
            for name in edits.DRAWN:
                made = edits.as_png(edits.OWN[name].apply(again, 1.0))
                yield about | {"kind": "drawn", "edit": f"{name}_{tone}"} | read(made)


def _enlarged(canvas: edits.Canvas, photo: FacePhoto, plan: Plan) -> Iterator[Row]:
    about = {"photo": f"{ENLARGED}/{photo.path.stem}", "group": ENLARGED}
    large = edits.enlarged(canvas, 1.1 * edits.PORE_SCALE)
    yield about | {"kind": "base"} | read(edits.as_png(large.pixels))
    for name, strength, make in _made(large, plan, ENLARGED):
        made = edits.as_png(make(large, strength))
        yield about | {"kind": "own", "edit": name, "strength": strength} | read(made)
    for name in plan.nuisances:
        if name in edits.NUISANCES and not name.startswith("resize"):
            made = edits.NUISANCES[name](large.pixels)
            yield about | {"kind": "nuisance", "edit": name} | read(made)


def _made(
    canvas: edits.Canvas, plan: Plan, group: str
) -> Iterator[tuple[str, float, Callable[[edits.Canvas, float], edits.Pixels]]]:
    for name, own in edits.OWN.items():
        if not judged_on(own.concern, group) or canvas.px_per_mm < own.least_scale:
            continue
        if own.region:
            strengths: Sequence[float] = (1.0,) if plan.regions else ()
        elif own.concern in plan.concerns:
            strengths = plan.strengths
        else:
            strengths = (1.0,)  # what it does to the others
        for strength in strengths:
            yield name, strength, own.apply


def read(data: bytes) -> Row:
    """A file -> its concerns and tone under the default gates; `rejected` where those refuse it.

    A refused photo is read again under relaxed gates, so that its numbers can still be seen.
    """
    try:
        return _reading(data, "moderate")
    except PhotoRejectedError as error:
        rejected = {"rejected": error.code}
    try:
        return _reading(data, "relaxed") | rejected
    except PhotoRejectedError:
        return {"concerns": {}, "tone": None} | rejected


def _reading(data: bytes, preset: Preset) -> Row:
    reading = analyze_photo(data, models(), load_gates(preset)).reading
    tone = reading.skin.tone
    concerns = {
        concern.name: {
            "measured": concern.measured,
            "unit": concern.unit,
            "score": concern.score,
            "band": concern.band,
            "minimum_change": concern.minimum_change,
            "confidence": concern.confidence,
            "reason": concern.reason,
            "regions": {region.name: region.score for region in concern.regions},
        }
        for concern in reading.skin.concerns
    }
    return {
        "concerns": concerns,
        "tone": {
            "ita": tone.ita,
            "interval": tone.ita_interval,
            "class": tone.ita_class,
            "monk": {str(swatch.tone): swatch.share for swatch in tone.monk},
        },
    }


def _refusals(data: bytes, preset: Preset) -> list[str]:
    """Codes of all gates that refuse the file"""
    try:
        analyze_photo(data, models(), load_gates(preset))
    except PhotoRejectedError as error:
        return [check.code for check in error.checks if check.severity == "reject"]
    return []


@cache
def models() -> FaceModels:
    built = ROOT / "layers" / "models" / "models"
    return FaceModels.load(Path(os.environ.get("MODELS_DIR") or built))


def outline(points: edits.Floats) -> edits.Floats:
    """(468, 2) -> (36, 2) the face's outline"""
    return points[part("face")]
