"""What one photo says about one face: the measured part of the result document.

Everything is frozen and plain, so it can be stored, sent and compared. Scores run 0 to 100 and
100 is best; they stand beside the measured value and its unit. Cosmetic, not medical.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from facet.domain.base import Fraction, Stored
from facet.domain.naming import Nameable, reaches

Score = Annotated[float, Field(ge=0, le=100)]
Severity = Literal["reject", "warn"]
Verdict = Literal["good", "usable", "rejected"]
Undertone = Literal["warm", "neutral", "cool"]
ReferenceKind = Literal["white_paper"]
PaperReason = Literal["not_found", "several", "too_small", "clipped", "not_flat", "in_other_light"]
ItaClass = Literal["very light", "light", "intermediate", "tan", "brown", "dark"]
# What would tell a tone that one photo leaves open.
Settles = Literal["window_light", "three_photos", "white_paper", "foundation_that_fits"]


class GateCode(StrEnum):
    """Why a photo is refused or doubted; an app may switch on these."""

    UNSUPPORTED_FORMAT = "unsupported_format"
    FILE_TOO_LARGE = "file_too_large"
    IMAGE_TOO_SMALL = "image_too_small"
    IMAGE_TOO_LARGE = "image_too_large"
    CORRUPT_IMAGE = "corrupt_image"
    NO_FACE = "no_face"
    MULTIPLE_FACES = "multiple_faces"
    FACE_TOO_SMALL = "face_too_small"
    FACE_OUT_OF_FRAME = "face_out_of_frame"
    FACE_ANGLE_UP = "face_angle_up"
    FACE_ANGLE_DOWN = "face_angle_down"
    FACE_ANGLE_LEFT = "face_angle_left"
    FACE_ANGLE_RIGHT = "face_angle_right"
    FACE_ANGLE_TILT_LEFT = "face_angle_tilt_left"
    FACE_ANGLE_TILT_RIGHT = "face_angle_tilt_right"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    UNEVEN_LIGHTING = "uneven_lighting"
    BLURRY = "blurry"
    FACE_OCCLUDED = "face_occluded"
    EYES_CLOSED = "eyes_closed"
    COLOR_CAST = "color_cast"


class Check(Stored):
    """One photo gate that the photo did not pass."""

    code: GateCode = Field(description="which gate")
    severity: Severity = Field(description="reject: not analysed; warn: analysed, with doubts")
    measured: float | str | None = Field(
        default=None, description="what was found, in `unit`; a word where there is no number"
    )
    threshold: float | None = Field(default=None, description="the limit it crossed, in `unit`")
    unit: str = Field(default="", description="unit of measured and threshold")
    hint: str = Field(description="one sentence the person can act on")


class Reference(Stored):
    """What became of the thing of known colour that was held beside the face."""

    kind: ReferenceKind = Field(description="white_paper: a sheet of white paper")
    status: Literal["used", "not_usable"] = Field(
        description="used: the tone is measured against it; not_usable: as if it were not there"
    )
    reason: PaperReason | None = Field(default=None, description="why it was not usable")
    hint: str = Field(description="one sentence: what came of it, or what would help")


class Quality(Stored):
    """Whether the photo can carry the measures taken on it."""

    verdict: Verdict = Field(description="rejected: a gate refuses it; usable: a gate warns")
    checks: tuple[Check, ...] = Field(default=(), description="every gate that failed")
    reference: Reference | None = Field(default=None, description="absent where none was told of")


class PhotoStatus(StrEnum):
    """What became of one of several photos."""

    MEASURED = "measured"
    REJECTED = "rejected"
    MISSING = "missing"
    NOT_MEASURED = "not_measured"


class PhotoOutcome(Stored):
    """One of several photos of an analysis, and what became of it."""

    index: int = Field(ge=0, description="its place in `photos` of the request, from 0")
    status: PhotoStatus = Field(
        description="missing: did not come in time; not_measured: turned, which is not read yet"
    )
    kept: bool = Field(
        default=False, description="the one that pictures, outlines and pose are of: the best"
    )
    checks: tuple[Check, ...] = Field(default=(), description="every gate that it failed")


class Pose(Stored):
    """Where the head points, in degrees, from the person's own side."""

    yaw: float = Field(ge=-180, le=180, description="degrees; positive: turned to their left")
    pitch: float = Field(ge=-180, le=180, description="degrees; positive: looking up")
    roll: float = Field(ge=-180, le=180, description="degrees; positive: tilted to their left")


class Share(Stored):
    """One of several possible names, and its share; the shares of a list sum to 1."""

    name: str = Field(description="what it is the share of")
    share: Fraction = Field(description="0..1")


class Face(Stored):
    """The shape of the face, its pose, and the colours of its features."""

    pose: Pose = Field(description="where the head points")
    shape: tuple[Share, ...] | None = Field(
        default=None, description="face shapes, likeliest first"
    )
    shape_reason: str | None = Field(default=None, description="why there is no shape")
    ratios: dict[str, float] | None = Field(
        default=None,
        description="lengths over cheek width, and jaw_angle and chin_angle in degrees, as the "
        "camera saw them: not corrected for its distance",
    )
    camera_distance: float | None = Field(
        default=None, gt=0, description="cm from the lens; only where the file names its lens"
    )
    camera_distance_interval: tuple[float, float] | None = Field(
        default=None, description="cm; where the distance lies in 7 of 10 cases"
    )
    colours: tuple["FeatureColour", ...] = Field(
        default=(), description="eyes, brows, lips and hair, where they can be seen"
    )


class FeatureColour(Stored):
    """The colour of one feature; without one, `reason` says why it was not read."""

    feature: Literal["eyes", "brows", "lips", "hair"] = Field(description="whose colour it is")
    name: str | None = Field(default=None, description="the nearest everyday name")
    hex: str | None = Field(default=None, pattern=r"^#[0-9a-f]{6}$", description="in sRGB")
    lab: tuple[float, float, float] | None = Field(
        default=None, description="CIELAB, D65: L* 0..100, a*, b*"
    )
    confidence: Fraction = Field(default=0.0, description="0..1")
    reason: str | None = Field(default=None, description="why it was not read")


class MonkShare(Stored):
    """A tone of the Monk Skin Tone scale and how much of the answer it gets."""

    tone: int = Field(ge=1, le=10, description="Monk Skin Tone, 1 lightest to 10 darkest")
    share: Fraction = Field(description="0..1")


class ToneOpen(Stored):
    """What a photo leaves open of a tone, and what would settle it."""

    classes: tuple[ItaClass, ...] = Field(
        description="classes that the interval spans, lightest first: two or more"
    )
    what_would_settle_it: tuple[Settles, ...] = Field(
        description="window_light: a photo facing a window; three_photos: of different days or "
        "places; white_paper: a sheet of it beside the face; foundation_that_fits: its colour, in "
        "the profile"
    )


class Tone(Stored):
    """Skin colour as one photo shows it: an estimate of colour, never of burn risk or origin."""

    ita: float = Field(ge=-90, le=90, description="individual typology angle, degrees")
    ita_interval: tuple[float, float] = Field(
        description="degrees; holds in 7 of 10 what other photos of the person show"
    )
    ita_estimate: float | None = Field(
        default=None, ge=-90, le=90, description="degrees; where the person's tone likely lies"
    )
    ita_error: float | None = Field(
        default=None, gt=0, description="degrees; one standard deviation of `ita_estimate`"
    )
    ita_class: ItaClass | None = Field(
        default=None,
        description="likeliest class, limits after Chardon 1991; absent where `open` says which "
        "ones the photo leaves open",
    )
    monk: tuple[MonkShare, ...] = Field(description="shares over the Monk scale, largest first")
    undertone: Undertone | None = Field(
        default=None,
        description="warm, neutral or cool, after the hue; absent where the light leaves it open",
    )
    undertone_confidence: Fraction = Field(
        description="share of the likeliest undertone; falls with an uncertain white balance"
    )
    undertones: tuple[Share, ...] = Field(
        default=(), description="shares of the undertones, largest first"
    )
    hue: float = Field(ge=-180, le=180, description="CIELAB hue angle of the skin, degrees")
    lab: tuple[float, float, float] = Field(
        description="CIELAB of the skin, D65: L* 0..100, a*, b*"
    )
    hex: str = Field(pattern=r"^#[0-9a-f]{6}$", description="the skin in sRGB")
    confidence: Fraction = Field(description="share of the likeliest class")
    open: ToneOpen | None = Field(
        default=None, description="what the photo leaves open; absent where it names a class"
    )


class Region(Stored):
    """One concern in one part of the face."""

    name: str = Field(description="part of the face, from the person's own side")
    score: Score = Field(description="0..100, 100 is best")
    measured: float | None = Field(default=None, description="in the concern's unit")
    polygon: tuple[tuple[float, float], ...] = Field(
        default=(),
        description="pixels of the upright photo, origin top left; empty in the history",
    )


class Concern(Stored):
    """One measured property of the skin; without a score, `reason` says why it was not measured."""

    name: str = Field(description="redness, blemishes, dark_spots, ...: see docs/analysis.md")
    score: Score | None = Field(default=None, description="0..100, 100 is best")
    measured: float | None = Field(default=None, description="in `unit`")
    unit: str = Field(default="", description="of measured and minimum_change")
    band: str | None = Field(default=None, description="none, mild, moderate or marked")
    confidence: Fraction = Field(default=0.0, description="0..1")
    minimum_change: float | None = Field(
        default=None, ge=0, description="in `unit`; a smaller difference is noise"
    )
    between_photos: float | None = Field(
        default=None,
        ge=0,
        description="in `unit`; 19 of 20 pairs of photos of one person, in other lights, differ by "
        "no more, so that is no change either; absent: not measured",
    )
    regions: tuple[Region, ...] = Field(
        default=(), description="the parts of the face it was measured on"
    )
    overlay_url: str | None = Field(
        default=None,
        description="path of this API that answers with a picture of where it is; drawn on request",
    )
    reason: str | None = Field(default=None, description="why it was not measured")


class SkinIndex(Stored):
    """One number to follow over time, made of the concerns that were measured: never an age."""

    value: Score = Field(description="weighted mean of their scores, 0..100, 100 is best")
    minimum_change: float = Field(
        gt=0, description="in points of `value`; a smaller difference is noise"
    )
    between_photos: float | None = Field(
        default=None,
        ge=0,
        description="in points of `value`; 19 of 20 pairs of photos of one person, in other "
        "lights, differ by no more, so that is no change either; absent: not measured",
    )
    of: tuple[str, ...] = Field(
        description="names of the concerns in it; two indices compare only where these are the same"
    )


class Skin(Stored):
    """The skin's colour and condition."""

    tone: Tone = Field(description="the colour of the skin")
    concerns: tuple[Concern, ...] = Field(default=(), description="every concern, measured or not")
    index: SkinIndex | None = Field(
        default=None, description="absent where too few concerns were measured to be one"
    )


class Prediction(Stored):
    """Which cosmetic condition the measures speak for: a summary of them, not a diagnosis."""

    condition: str | None = Field(
        default=None,
        description="the largest of `all_conditions`; absent where its share does not name it",
    )
    severity: Literal["none", "mild", "moderate", "marked"] = Field(
        default="none",
        description="of the condition, as its measures are banded; none where it is not named",
    )
    confidence: Fraction = Field(description="falls with every measure that is missing or unsure")
    all_conditions: tuple[Share, ...] = Field(
        description="the chance of each to stand out most from plain faces, largest first; "
        "`normal`: that none does"
    )
    missing: tuple[str, ...] = Field(
        default=(), description="concerns the table asks for that were not measured"
    )


class Classification(Stored):
    """What a team's own model says, beside the measures and never mixed into them."""

    model: str = Field(description="name of the model")
    version: str = Field(description="of the model")
    labels: tuple[Share, ...] = Field(description="largest first")


class Versions(Stored):
    """What produced the reading, so that two readings can be compared honestly."""

    pipeline: str = Field(description="of the measures as a whole")
    detector: str = Field(description="of the face detector")
    mesh: str = Field(description="of the face mesh")
    scoring: str = Field(description="of the table from measures to scores")
    tables: dict[str, str] = Field(
        default_factory=dict, description="version of every other table of numbers used"
    )


class FaceReading(Stored):
    """Everything that was read from one photo of a face, or from several together."""

    quality: Quality
    face: Face
    skin: Skin
    season: tuple[Share, ...] | None = Field(
        default=None, description="colour seasons, likeliest first"
    )
    prediction: Prediction | None = None
    classifications: tuple[Classification, ...] = ()
    photos: tuple[PhotoOutcome, ...] = ()
    versions: Versions

    @model_validator(mode="before")
    @classmethod
    def _no_surer_than_today(cls, row: Any) -> Any:
        """A row of older limits, or of none, loses the names that today's would not give it."""
        return _unnamed(row) if isinstance(row, Mapping) else row


def _unnamed(row: Mapping[str, Any]) -> Mapping[str, Any]:
    skin, prediction = row.get("skin"), row.get("prediction")
    if isinstance(skin, Mapping) and isinstance(tone := skin.get("tone"), Mapping):
        unsure = {
            kind: None
            for kind, share in _SHARE_OF.items()
            if (word := tone.get(kind))
            and not reaches(_as_settled(kind, row), word, tone.get(share) or 0)
        }
        row = {**row, "skin": {**skin, "tone": {**tone, **unsure}}}
    if isinstance(prediction, Mapping) and (word := prediction.get("condition")):
        shares = {one.get("name"): one.get("share") for one in prediction.get("all_conditions", ())}
        table = ((row.get("versions") or {}).get("tables") or {}).get("conditions")
        if table in _NO_CHANCES or not reaches("condition", word, shares.get(word) or 0):
            row = {**row, "prediction": {**prediction, "condition": None, "severity": "none"}}
    return row


def _as_settled(kind: Nameable, row: Mapping[str, Any]) -> Nameable:
    """The rule for a name of this reading's tone: for a class, whether a sheet of paper speaks for
    it, since photos taken together share their light."""
    if kind != "ita_class":
        return kind
    reference = (row.get("quality") or {}).get("reference") or {}
    return "settled_class" if reference.get("status") == "used" else kind


# Versions of the conditions whose shares were strengths, which no limit of a name was set on.
_NO_CHANCES = (None, "1")
# The names of a tone, each with the field that holds its share.
_SHARE_OF: Mapping[Nameable, str] = {
    "ita_class": "confidence",
    "undertone": "undertone_confidence",
}
