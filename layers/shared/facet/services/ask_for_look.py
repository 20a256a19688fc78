"""POST /v1/analyses/{id}/looks: any other look on a photo that is there already."""

from collections.abc import Mapping
from datetime import datetime
from typing import Self

from pydantic import Field, model_validator

from facet.domain.base import Part
from facet.domain.belongings import ITEM_ID, Shelf
from facet.domain.errors import (
    AnalysisNotFoundError,
    BagItemNotFoundError,
    GarmentNotFoundError,
    PermanentError,
    PhotoNotReadyError,
    RegionNotPossibleError,
)
from facet.domain.looks import LookProduct, LookStatus, SavedLook, WantedProduct
from facet.domain.messages import LookWanted
from facet.saying import plain, say
from facet.services.ports import Analyses, LookJobs, Looks, Shelves
from facet.vision.drawing.rules import places_of


class NewLook(Part):
    """Makeup to see on the photo, or one garment of the wardrobe."""

    name: str | None = Field(
        None, min_length=1, max_length=100, description="What to call it; a name is made if none."
    )
    products: tuple[WantedProduct, ...] = Field(
        (), max_length=20, description="Makeup to put on, each with its place and strength."
    )
    garment_item_id: str | None = Field(
        None, pattern=ITEM_ID, description="A garment of the wardrobe to try on instead."
    )

    @model_validator(mode="after")
    def _something(self) -> Self:
        if bool(self.products) == bool(self.garment_item_id):
            raise ValueError(say("field.products_or_garment"))
        return self


def ask_for_look(
    wish: NewLook,
    *,
    look_id: str,
    user_id: str,
    analysis_id: str,
    correlation_id: str,
    now: datetime,
    most: int,
    most_of_analysis: int,
    analyses: Analyses,
    looks: Looks,
    shelves: Shelves,
    jobs: LookJobs,
) -> SavedLook:
    """Write the row of a look that a person asks for, and queue it for drawing.

    look_id: a ULID, the same for the same request: one that is there is queued again at most.
    Raises PermanentError: analysis_not_found, photo_not_ready, bag_item_not_found,
    garment_not_found, region_not_possible; looks_full where the person has `most` saved looks,
    looks_of_analysis_full where this photo has `most_of_analysis`.
    """
    if asked := looks.get(user_id, look_id):  # the same request again, which may have sent nothing
        if asked.status is LookStatus.RENDERING:
            _queue(asked, jobs)
        return asked
    analysis = analyses.get(user_id, analysis_id)
    if analysis is None:
        raise AnalysisNotFoundError
    if analysis.photo is None:
        raise PhotoNotReadyError
    for product in wish.products:
        if product.item_id and shelves.get(user_id, Shelf.BAG, product.item_id) is None:
            raise BagItemNotFoundError
        if product.category and not set(product.regions or ()) <= set(places_of(product.category)):
            raise RegionNotPossibleError(product.category, places_of(product.category))
    item_id = wish.garment_item_id
    if item_id and shelves.get(user_id, Shelf.WARDROBE, item_id) is None:
        raise GarmentNotFoundError
    products = tuple(LookProduct.model_validate(_told(product)) for product in wish.products)
    look = SavedLook(
        look_id=look_id,
        user_id=user_id,
        analysis_id=analysis_id,
        name=wish.name or _name_of(products),
        status=LookStatus.RENDERING,
        products=products,
        garment_item_id=item_id,
        created_at=now,
        updated_at=now,
        expires_at=analysis.expires_at,
        correlation_id=correlation_id,
    )

    def check() -> None:
        _check_room(looks.of_analyses(user_id, most), analysis_id, most, most_of_analysis)

    looks.create(look, check)
    _queue(look, jobs)
    return look


def _check_room(
    saved: Mapping[str, int], analysis_id: str, most: int, most_of_analysis: int
) -> None:
    if sum(saved.values()) >= most:
        raise PermanentError("looks_full", most=most)
    if saved.get(analysis_id, 0) >= most_of_analysis:
        raise PermanentError("looks_of_analysis_full", most=most_of_analysis)


def _queue(look: SavedLook, jobs: LookJobs) -> None:
    job = LookWanted(analysis_id=look.analysis_id, user_id=look.user_id, look_id=look.look_id)
    jobs.send([job], look.correlation_id)


def _told(product: WantedProduct) -> dict[str, object]:
    return product.model_dump(exclude_none=True)


def _name_of(products: tuple[LookProduct, ...]) -> str:
    """A look's name, from its products: "Lip, blush and 2 more"."""
    if not products:
        return say("look.garment")
    own = say("look.own_product")
    names = list(dict.fromkeys(plain(product.category or own) for product in products))
    first, *others = names
    if not others:
        return first.capitalize()
    if len(others) == 1:
        return say("look.two", first=first, second=others[0]).capitalize()
    return say("look.more", first=first, second=others[0], count=len(others) - 1).capitalize()
