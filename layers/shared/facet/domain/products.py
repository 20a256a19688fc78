"""Products and what a person owns of them.

A product here is a brand-neutral type or a real product: same shape. Concentrations are percent by
weight of the product as sold. Cosmetic facts only; `sources` are ids of the catalogue's source
table.
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from facet.domain.base import Part

SkinType = Literal["normal", "dry", "combination", "oily", "sensitive"]
Session = Literal["am", "pm"]
PriceBand = Literal["low", "mid", "high"]
PregnancyAdvice = Literal["ok", "ask", "avoid"]
StepName = Literal["cleanse", "treat", "moisturise", "protect"]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]
HexColor = Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]

# What a photo can show (facet.domain.face.Concern), and dryness, which only its owner can tell.
Goal = Literal[
    "redness",
    "blemishes",
    "dark_spots",
    "unevenness",
    "shine",
    "dullness",
    "texture",
    "pores",
    "wrinkles",
    "dark_circles",
    "eye_bags",
    "dryness",
]


class Active(Part):
    """An ingredient a product is bought for."""

    inci: str = Field(description="name on the label (INCI)")
    name: str = Field(description="the name people use")
    percent: float | None = Field(default=None, gt=0, le=100, description="percent by weight")


class Product(Part):
    """One product of the catalogue."""

    product_id: Slug = Field(description="lower case words and hyphens")
    name: str = Field(description="of the product or its kind")
    brand: str | None = Field(default=None, description="none for a brand-neutral type")
    category: str = Field(description="cleanser, serum, sunscreen, foundation, ...")
    step: StepName | None = Field(default=None, description="its place in a routine, if it has one")
    vehicle: str | None = Field(default=None, description="what the actives come in")
    actives: tuple[Active, ...] = Field(default=(), description="what it is bought for")
    inci: tuple[str, ...] = Field(default=(), description="every ingredient known, INCI names")
    skin_types: tuple[SkinType, ...] = Field(default=(), description="which it suits; empty: any")
    concerns: tuple[Goal, ...] = Field(default=(), description="what its actives help, best first")
    price_band: PriceBand | None = Field(default=None, description="within its category")
    am_pm: tuple[Session, ...] = Field(default=(), description="when it is used; empty: either")
    cautions: tuple[str, ...] = Field(default=(), description="what to mind, in sentences")
    pregnancy_caution: PregnancyAdvice = Field(
        default="ok", description="avoid and ask: not suggested to who tells us she is pregnant"
    )
    medicine: Literal["pharmacy", "prescription"] | None = Field(
        default=None, description="a medicine somewhere; prescription is never suggested"
    )
    spf: int | None = Field(default=None, ge=2, le=100, description="sun protection factor")
    tinted: bool = Field(default=False, description="with iron oxides")
    shade: HexColor | None = Field(default=None, description="make-up: its colour in sRGB")
    finish: str | None = Field(default=None, description="make-up: matte, satin, gloss, ...")
    sources: tuple[str, ...] = Field(default=(), description="ids of the source table")


# Whether the skin is used to an active; the day its jar was opened does not tell.
InUse = Literal["new", "over_four_weeks"]

# How often a medicine is used, as whoever prescribed it said.
PrescribedUse = Literal[
    "every_morning",
    "every_evening",
    "morning_and_evening",
    "every_other_evening",
    "twice_a_week",
    "once_a_week",
]


class Prescribed(Part):
    """What a doctor said of a medicine: it is placed as told, never as a cosmetic."""

    for_face: bool = Field(description="whether it is for the face; else it is listed, not placed")
    how_often: PrescribedUse = Field(
        description="as prescribed; twice_a_week and once_a_week are evenings"
    )


LONGEST_LABEL = 4_000  # letters of an entry, which may be a whole label
LONGEST_LABELS = 24_000  # letters of all entries together


def _not_too_long(ingredients: tuple[str, ...]) -> tuple[str, ...]:
    if sum(map(len, ingredients)) > LONGEST_LABELS:
        raise ValueError(f"more than {LONGEST_LABELS} letters together")
    return ingredients


class BagDetails(Part):
    """What a person says of a product they own: one of the catalogue, or a description."""

    product_id: Slug | None = Field(
        default=None, description="of the catalogue; without it, name and category are needed"
    )
    name: str | None = Field(
        default=None, min_length=1, max_length=200, description="what its owner calls it"
    )
    category: str | None = Field(
        default=None, min_length=1, max_length=40, description="cleanser, sunscreen, blush, ..."
    )
    shade: HexColor | None = Field(default=None, description="make-up: its colour in sRGB")
    finish: str | None = Field(
        default=None, max_length=40, description="make-up: matte, satin, gloss, shimmer, ..."
    )
    ingredients: Annotated[
        tuple[Annotated[str, Field(max_length=LONGEST_LABEL)], ...],
        AfterValidator(_not_too_long),
    ] = Field(
        default=(),
        max_length=120,
        description="as on the label: one each, or the whole label in one of at most 4,000 letters;"
        " 'Niacinamide 5 %' is understood",
    )
    prescribed: Prescribed | None = Field(
        default=None, description="only of what a doctor prescribed: for the face, and how often"
    )
    in_use: InUse | None = Field(
        default=None,
        description="an active: new, or used for more than four weeks; nothing told counts as new",
    )
    spf: int | None = Field(default=None, ge=2, le=100, description="sun protection factor, 2..100")
    opened: date | None = Field(default=None, description="day it was opened")
    quantity: float | None = Field(
        default=None, ge=0, le=100, description="units left, 0..100; 0 is used up"
    )


class BagItem(BagDetails):
    """Something a person owns: a product of the catalogue, or one they describe themselves."""

    item_id: str = Field(min_length=1, max_length=64, description="its owner's own id for it")
