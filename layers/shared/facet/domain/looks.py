"""Looks as pictures: those a makeup result advises, and those a person asked for."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from facet.domain.base import Part, Stored
from facet.domain.belongings import ITEM_ID
from facet.domain.products import HexColor
from facet.domain.style import Finish, MakeupCategory, Region
from facet.saying import say

# As long as the queue hides a message, with a model for garments too. Sent on three times, a look
# is given up later than its queue does so (tests/template).
RENDER_PATIENCE = timedelta(minutes=16)
TIMED_OUT = "render_timed_out"


class LookStatus(StrEnum):
    """How far the drawing of a look is."""

    RENDERING = "rendering"
    COMPLETED = "completed"
    FAILED = "failed"


class LookProduct(Stored):
    """One product of a look, as it is drawn."""

    category: MakeupCategory | None = Field(
        None, description="What it is; of an owned product once it was looked up."
    )
    name: str | None = Field(None, description="Of the owned product or the suggested shade.")
    item_id: str | None = Field(None, description="The bag item; none: not owned.")
    product_id: str | None = Field(None, description="The catalogue's product, if it is one.")
    hex: HexColor | None = Field(None, description="Its colour in sRGB.")
    regions: tuple[Region, ...] = Field((), description="Where it goes.")
    finish: str | None = Field(None, description="matte, satin, gloss, shimmer, ...")
    intensity: int | None = Field(
        None, ge=0, le=100, description="0 none, 100 as much as the product gives."
    )


class DrawnLook(Stored):
    """What became of one look of a makeup result."""

    name: str
    status: LookStatus
    code: str | None = None
    message: str | None = None
    picture: str | None = Field(default=None, description="name of its pictures, where it has any")


class WantedProduct(Part):
    """A product to put on: one of the bag by `item_id`, or any colour by `category` and `hex`."""

    item_id: str | None = Field(
        None, pattern=ITEM_ID, description="A product of the bag, in its own shade."
    )
    category: MakeupCategory | None = Field(None, description="With `hex`: what it is.")
    hex: HexColor | None = Field(None, description="With `category`: its colour in sRGB.")
    regions: tuple[Region, ...] | None = Field(
        None, min_length=1, max_length=6, description="Where it goes; its usual place if left out."
    )
    finish: Finish | None = Field(None, description="The product's own if left out.")
    intensity: int | None = Field(
        None, ge=0, le=100, description="0 none, 100 as much as it gives; the usual if left out."
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        colour = self.category is not None and self.hex is not None
        if (self.item_id is not None) == colour or (
            self.item_id is not None and (self.category or self.hex)
        ):
            raise ValueError(say("field.item_or_colour"))
        return self


class SavedLook(Stored):
    """A look a person asked for: one row."""

    look_id: str
    user_id: str
    analysis_id: str
    name: str
    favourite: bool = False
    status: LookStatus
    code: str | None = None
    message: str | None = None
    products: tuple[LookProduct, ...] = ()
    garment_item_id: str | None = None
    created_at: datetime
    updated_at: datetime
    expires_at: datetime
    correlation_id: str
    due_at: datetime | None = None
    redrives: int = 0


@dataclass(frozen=True, slots=True)
class LookPage:
    """A page of saved looks, newest first, and the id the next starts before (None: no more)."""

    looks: tuple[SavedLook, ...]
    next_id: str | None
    unreadable: tuple[str, ...] = ()  # ids that lie among them
