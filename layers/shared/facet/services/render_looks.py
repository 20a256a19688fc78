"""Looks were advised or asked for: draw them on the photo they are for."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from facet.advice.makeup.read import own_makeup
from facet.domain.analysis import ReadAnalysis
from facet.domain.belongings import Shelf
from facet.domain.errors import (
    GarmentNotFoundError,
    PermanentError,
    PhotoGoneError,
    RegionNotPossibleError,
)
from facet.domain.face import GateCode
from facet.domain.looks import DrawnLook, LookProduct, LookStatus, SavedLook
from facet.domain.messages import LookWanted
from facet.domain.places import LOOKS, look_keys
from facet.domain.style import Look, Makeup, Slot
from facet.saying import say
from facet.services.keep_bag import read_bag_item
from facet.services.keep_wardrobe import picture_key_of
from facet.services.ports import Analyses, Dresser, Looks, Objects, Products, Shelves
from facet.vision.drawing.portrait import (
    LookPictures,
    OpenPortrait,
    Portrait,
    draw_look,
    show_dressed,
)
from facet.vision.drawing.rules import finish_called, makeup_of, places_of

EYES = {"eyeshadow", "eyeliner", "mascara"}
LIPS = {"lip", "lip_liner"}
ASKED_INTENSITY = 70  # 0..100, where none is given


def render_looks(
    job: LookWanted,
    *,
    now: datetime,
    analyses: Analyses,
    looks: Looks,
    shelves: Shelves,
    products: Products,
    media: Objects,
    open_portrait: OpenPortrait,
    dresser: Dresser | None,
    correlate: Callable[[str], object],
) -> Sequence[LookStatus]:
    """Draw the looks of one job -> what became of each; safe to repeat, the first result stays.

    A look that cannot be drawn is saved as failed with its code; whatever may succeed another time
    is raised. dresser: None where no service for garments is set up.
    """
    analysis = analyses.read(job.user_id, job.analysis_id)
    if analysis is None:  # a try may have died as it was deleted
        media.delete_below(LOOKS.of_analysis(job.user_id, job.analysis_id))
        analyses.forget(job.user_id, job.analysis_id)
        if job.look_id:
            looks.delete(job.user_id, job.look_id)
        return ()
    correlate(analysis.correlation_id)
    easel = _Easel(analysis, media, open_portrait)
    if job.look_id is None:
        return _advised(easel, analyses=analyses)
    look = looks.get(job.user_id, job.look_id)
    if look is None:
        media.delete(*look_keys(job.user_id, job.analysis_id, job.look_id))
    if look is None or look.status is not LookStatus.RENDERING:
        return ()
    return _asked(
        look, easel, now=now, looks=looks, shelves=shelves, products=products, dresser=dresser
    )


class _Easel:
    """One analysis' photo, opened once, and where its pictures go."""

    def __init__(self, analysis: ReadAnalysis, media: Objects, open_portrait: OpenPortrait) -> None:
        self.analysis, self.media = analysis, media
        self._open = open_portrait
        self._portrait: Portrait | None = None

    def photo(self) -> bytes:
        """The analysis' photo, an upright JPEG. Raises PermanentError(photo_gone)."""
        photo = self.media.get(self.analysis.photo_key)
        if photo is None:
            raise PhotoGoneError
        return photo

    def draw(self, makeup: Sequence[Makeup]) -> LookPictures:
        """The photo with this makeup on.

        Raises PermanentError: photo_gone, face_not_found, eyes_closed, lips_occluded.
        """
        if self._portrait is None:
            self._portrait = self._open(self.photo())
        used = {product.category for product in makeup}
        checks = self.analysis.reading.quality.checks if self.analysis.reading else ()
        if used & EYES and any(check.code is GateCode.EYES_CLOSED for check in checks):
            raise PermanentError("eyes_closed")
        if used & LIPS and self._portrait.lips_hidden:
            raise PermanentError("lips_occluded")
        return draw_look(self._portrait, makeup)

    def keep(self, name: str, pictures: LookPictures) -> None:
        analysis = self.analysis
        keys = look_keys(analysis.user_id, analysis.analysis_id, name)
        for key, data in zip(keys, (pictures.look, pictures.before_after), strict=True):
            self.media.put(key, data, "image/jpeg", analysis.correlation_id)


# --- the looks of a makeup result ----------------------------------------------------------------


def _advised(easel: _Easel, *, analyses: Analyses) -> Sequence[LookStatus]:
    analysis, media = easel.analysis, easel.media
    kept = analyses.contents(analysis.user_id, analysis.analysis_id)
    advised = kept.advised_looks if kept else ()
    if kept is None or kept.drawn is not None or not advised:
        return ()
    drawn = [
        _draw_advised(Look.model_validate(look), f"look-{number}", easel)
        for number, look in enumerate(advised, start=1)
    ]
    if analyses.save_drawn(analysis, drawn):
        return [look.status for look in drawn]
    media.delete_below(LOOKS.of_analysis(analysis.user_id, analysis.analysis_id))
    analyses.forget(analysis.user_id, analysis.analysis_id)  # deleted while we drew
    return ()


def _draw_advised(look: Look, picture: str, easel: _Easel) -> DrawnLook:
    try:
        easel.keep(picture, easel.draw([makeup_of(step) for step in look.steps]))
    except PermanentError as error:
        return DrawnLook(
            name=look.name, status=LookStatus.FAILED, code=error.code, message=error.message
        )
    return DrawnLook(name=look.name, status=LookStatus.COMPLETED, picture=picture)


# --- looks that were asked for -------------------------------------------------------------------


def _asked(
    look: SavedLook,
    easel: _Easel,
    *,
    now: datetime,
    looks: Looks,
    shelves: Shelves,
    products: Products,
    dresser: Dresser | None,
) -> Sequence[LookStatus]:
    changes: dict[str, Any] = {"updated_at": now}
    try:
        if look.garment_item_id:
            pictures = _dress(look.user_id, look.garment_item_id, easel, shelves, dresser)
        else:
            changes["products"] = tuple(
                _looked_up(product, look.user_id, shelves, products) for product in look.products
            )
            pictures = easel.draw([_makeup(product) for product in changes["products"]])
        easel.keep(look.look_id, pictures)
        changes["status"] = LookStatus.COMPLETED
    except PermanentError as error:
        changes |= {"status": LookStatus.FAILED, "code": error.code, "message": error.message}
    done = look.model_copy(update=changes)
    if looks.finish(done):
        return (done.status,)
    if looks.get(look.user_id, look.look_id) is None:  # deleted while we drew
        easel.media.delete(*look_keys(look.user_id, look.analysis_id, look.look_id))
    return ()


def _looked_up(
    wish: LookProduct, user_id: str, shelves: Shelves, products: Products
) -> LookProduct:
    """The product that was asked for, with what the bag and the catalogue know of it.

    Raises PermanentError: bag_item_not_found, not_makeup, shade_needed, region_not_possible.
    """
    category, colour, finish, name = wish.category, wish.hex, wish.finish, wish.name
    product_id = None
    if wish.item_id:
        entry = read_bag_item(user_id, wish.item_id, shelves=shelves)
        product = products.get(entry.product_id) if entry.product_id else None
        category, colour, of_product = own_makeup(entry, product)
        finish = finish or of_product
        name = entry.name or (product.name if product else wish.item_id)
        product_id = entry.product_id
    if category is None:
        raise PermanentError("not_makeup", name=name)
    if colour is None:
        raise PermanentError("shade_needed", name=name)
    may = places_of(category)
    if not set(wish.regions) <= set(may):
        raise RegionNotPossibleError(category, may)
    return LookProduct(
        category=category,
        name=name,
        item_id=wish.item_id,
        product_id=product_id,
        hex=colour,
        regions=wish.regions or may[:1],
        finish=finish_called(finish),
        intensity=ASKED_INTENSITY if wish.intensity is None else wish.intensity,
    )


def _makeup(product: LookProduct) -> Makeup:
    return Makeup.model_validate(product.model_dump(include=set(Makeup.model_fields)))


def _dress(
    user_id: str, item_id: str, easel: _Easel, shelves: Shelves, dresser: Dresser | None
) -> LookPictures:
    """The photo with a garment of the wardrobe on.

    Raises PermanentError: provider_unavailable, garment_not_found, garment_photo_missing, and what
    the dresser refuses.
    """
    if dresser is None:
        raise PermanentError("provider_unavailable", say("problem.provider_unavailable.not_set_up"))
    for _ in range(2):  # between the two, another photo may have taken the picture's place
        garment = shelves.get(user_id, Shelf.WARDROBE, item_id)
        if garment is None:
            raise GarmentNotFoundError
        key = picture_key_of(user_id, garment)
        if picture := easel.media.get(key) if key else None:
            break
    else:
        raise PermanentError("garment_photo_missing")
    slot: Slot = garment["slot"]
    photo = easel.photo()
    return show_dressed(photo, dresser.dress(photo, picture, slot))
