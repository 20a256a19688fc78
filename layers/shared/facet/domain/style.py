"""Looks and outfits: what a person owns of both, what they said of them, and what they get back.

Colours are sRGB hex; reasons point at the measure, the belonging or the rule they rest on.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from facet.domain.advice import Note, Reason, Source
from facet.domain.base import Fraction, Part, Stored
from facet.domain.products import HexColor

MakeupCategory = Literal[
    "foundation",
    "concealer",
    "contour",
    "bronzer",
    "blush",
    "highlighter",
    "brow",
    "eyeshadow",
    "eyeliner",
    "mascara",
    "lip",
    "lip_liner",
]
Region = Literal[
    "face",
    "under_eyes",
    "forehead",
    "temples",
    "cheeks",
    "under_cheekbones",
    "cheekbones",
    "jaw",
    "chin",
    "brows",
    "lids",
    "crease",
    "outer_corners",
    "inner_corners",
    "lash_line",
    "lower_lash_line",
    "lashes",
    "lips",
    "lip_line",
]
Finish = Literal["matte", "satin", "gloss", "shimmer"]
Slot = Literal["top", "bottom", "full_body", "outer", "shoes", "accessory"]
Level = Annotated[int, Field(ge=1, le=5)]
Occasion = Annotated[str, Field(min_length=1, max_length=60)]


class Weather(Stored):
    """Outdoors, where and when the outfit is to be worn."""

    temperature_c: float = Field(ge=-60, le=60, description="air temperature, degrees Celsius")
    rain: bool = Field(default=False, description="rain or snow is expected")


# --- makeup ------------------------------------------------------------------------------------


class Neighbour(Part):
    """The shade to try where the photo erred."""

    name: str = Field(description="of the shade")
    hex: HexColor = Field(description="of the shade, in sRGB")
    direction: Literal["lighter", "deeper", "warmer", "cooler", "softer", "richer"] = Field(
        description="as seen from the shade that was chosen"
    )
    chance: Fraction = Field(description="that it is the nearest shade instead")


class ShadeMatch(Part):
    """How well a skin-coloured shade meets the skin, as far as one photo knows it."""

    delta_e: float = Field(ge=0, description="CIEDE2000 from the measured skin, or its target")
    interval: tuple[float, float] = Field(
        description="CIEDE2000 from the skin in 9 of 10 cases; `delta_e` lies inside"
    )
    verdict: Literal["excellent", "near"] = Field(
        description="excellent: at most 2, and likely within 4 whatever the photo missed; near: at "
        "most 4"
    )
    chance: Fraction = Field(description="that it lies within 4 of the skin")
    neighbour: Neighbour | None = Field(default=None, description="the shade to try next")


class LookStep(Part):
    """One step of a look: a product, where it goes, with what, in which shade."""

    category: MakeupCategory = Field(description="what kind of makeup it is")
    regions: tuple[Region, ...] = Field(min_length=1, description="where it goes")
    tool: str = Field(description="what to put it on with")
    how: str = Field(description="one sentence")
    name: str = Field(description="of the owned product, or of the suggested shade")
    item_id: str | None = Field(default=None, description="the bag item; none: a suggestion")
    product_id: str | None = Field(default=None, description="of the catalogue, if it is one of it")
    hex: HexColor = Field(description="its colour in sRGB")
    shade: str = Field(description="name of the shade, or of the nearest one known")
    finish: str = Field(description="matte, satin, gloss, shimmer, ...")
    intensity: int = Field(ge=0, le=100, description="0 none, 100 as much as the product gives")
    match: ShadeMatch | None = Field(
        default=None, description="of a skin-coloured shade; absent for any other"
    )
    confidence: Fraction = Field(description="0..1, that the shade suits")
    why: tuple[Reason, ...] = Field(description="at least one")
    cautions: tuple[str, ...] = Field(default=(), description="what to mind, in sentences")

    @property
    def owned(self) -> bool:
        """Whether the product is one of the person's bag."""
        return self.item_id is not None


class Makeup(Part):
    """One product as it is drawn on a photo. What a category may be put on: render.toml."""

    category: MakeupCategory
    regions: tuple[Region, ...] = Field(default=(), description="none: the category's usual ones")
    hex: HexColor
    finish: Finish = "satin"
    intensity: int = Field(ge=0, le=100, description="0 none, 100 as much as the product gives")


class Look(Part):
    """A makeup look: its steps in the order they are done."""

    name: str = Field(description="in words")
    idea: str = Field(description="stable word: soft, eyes or lips")
    occasion: str = Field(description="what it is for")
    steps: tuple[LookStep, ...] = Field(description="in the order they are done")
    confidence: Fraction = Field(description="0..1")
    why: tuple[Reason, ...] = Field(default=(), description="of the look as a whole")


class MakeupResult(Part):
    """Looks to choose from, best suited first."""

    status: Literal["completed", "partial"] = Field(
        description="partial: fewer than three looks, or one without a step it should have"
    )
    version: str = Field(description="of the method and its rules")
    catalogue: str = Field(description="of products and ingredients")
    based_on: tuple[str, ...] = Field(description="what was known, in words")
    looks: tuple[Look, ...] = Field(description="best suited first")
    notes: tuple[Note, ...] = Field(default=(), description="what to know about these looks")
    sources: tuple[Source, ...] = Field(
        default=(), description="everything that reasons and notes name"
    )


# --- wardrobe ----------------------------------------------------------------------------------


class GarmentColour(Part):
    """One colour of a garment and how much of it there is."""

    hex: HexColor = Field(description="in sRGB")
    share: Fraction = Field(description="of the garment, 0..1")


class GarmentDetails(Part):
    """What a person says of a garment."""

    name: str | None = Field(
        default=None, min_length=1, max_length=200, description="what its owner calls it"
    )
    category: str = Field(
        min_length=1, max_length=60, description="its owner's own word: kurta, jeans, hijab, ..."
    )
    slot: Slot = Field(description="where it goes")
    colours: tuple[GarmentColour, ...] = Field(
        default=(), max_length=5, description="at most 5; left out, they are read from its photo"
    )
    pattern: str = Field(
        default="plain", max_length=40, description="plain, striped, floral, ... in any words"
    )
    formality: Level = Field(description="1 at home .. 5 ceremony")
    warmth: Level = Field(description="1 for the hottest days .. 5 for the coldest")
    waterproof: bool = Field(default=False, description="keeps rain out")
    last_worn: date | None = Field(
        default=None, description="day it was last worn; `worn` feedback sets it as well"
    )


class GarmentPhoto(Stored):
    """The photo that a garment's owner is about to send, or has sent."""

    status: Literal["awaiting_upload", "ready", "failed"]
    content_type: str
    content_length: int = Field(gt=0, description="bytes")
    checksum_sha256: str = Field(description="base64; which of several uploads is meant")
    expires_at: datetime = Field(description="when its upload URL stops working (UTC)")
    correlation_id: str
    code: str | None = Field(default=None, description="why it could not be read")
    message: str | None = None
    due_at: datetime | None = Field(default=None, description="the sweep looks after it then")
    redrives: int = 0

    @classmethod
    def of(cls, garment: Mapping[str, Any]) -> Self | None:
        """The photo of a stored garment; None without one, or where it is of another schema."""
        try:
            return cls.model_validate(garment["photo"])
        except (KeyError, ValidationError):
            return None


class Garment(GarmentDetails, Stored):
    """A garment of the wardrobe, whose colours are known."""

    item_id: str = Field(min_length=1, max_length=64, description="its owner's own id for it")
    colours: tuple[GarmentColour, ...] = Field(
        min_length=1, max_length=5, description="one to five, as told or as its photo shows them"
    )
    photo: GarmentPhoto | None = None
    picture: bool = Field(default=False, description="there is a picture of it")
    picture_of: str | None = Field(default=None, description="of which photo (domain/places.py)")


class Feedback(Stored):
    """What a person made of advice they got; unknown fields of newer rows are left alone."""

    verdict: Literal["accept", "reject", "worn"]
    item_ids: tuple[str, ...] = Field(default=(), description="what the outfit or look was made of")
    on: date

    @model_validator(mode="before")
    @classmethod
    def _day_of(cls, row: Any) -> Any:
        """Rows written with a moment (`created_at`) instead of a day."""
        if isinstance(row, dict) and "on" not in row and "created_at" in row:
            moment = datetime.fromisoformat(str(row["created_at"]))
            return {**row, "on": moment.date()}
        return row


class OutfitItem(Part):
    """A garment as part of an outfit."""

    item_id: str = Field(description="of the wardrobe")
    name: str = Field(description="what its owner calls it")
    slot: Slot = Field(description="where it goes")
    hex: HexColor = Field(description="its main colour")


class Outfit(Part):
    """An outfit: garments that go together, and why."""

    items: tuple[OutfitItem, ...] = Field(description="what it is made of")
    occasion: str = Field(description="what it is for")
    harmony: str = Field(description="neutrals, tonal, analogous, complement, split, triad or free")
    insulation_clo: float = Field(ge=0, description="estimated, clo (1 clo = 0.155 m2 K/W)")
    confidence: Fraction = Field(description="0..1")
    why: tuple[Reason, ...] = Field(description="at least one")


class GarmentSuggestion(Part):
    """A gap in the wardrobe and the one thing that would fill it."""

    slot: Slot = Field(description="where it would go")
    hex: HexColor = Field(description="a colour that would go with the rest, in sRGB")
    text: str = Field(description="one sentence")
    why: tuple[Reason, ...] = Field(description="at least one")


class OutfitResult(Part):
    """Outfits to choose from, best first."""

    status: Literal["completed", "partial"] = Field(
        description="partial: the wardrobe gives fewer than three outfits"
    )
    version: str = Field(description="of the method and its rules")
    based_on: tuple[str, ...] = Field(description="what was known, in words")
    outfits: tuple[Outfit, ...] = Field(description="best suited first")
    suggestions: tuple[GarmentSuggestion, ...] = Field(
        default=(), max_length=1, description="at most one"
    )
    notes: tuple[Note, ...] = Field(default=(), description="what to know about these outfits")
    sources: tuple[Source, ...] = Field(
        default=(), description="everything that reasons and notes name"
    )
