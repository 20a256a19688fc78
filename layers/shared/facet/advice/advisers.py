"""The kinds of advice, a row each: what it is made from, who makes it, what it says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from facet.advice.advice_facts import AdviceFacts, look_facts, outfit_facts, routine_facts
from facet.advice.makeup.recommend import recommend_makeup
from facet.advice.outfit.recommend import recommend_outfit
from facet.advice.ranking import Ranking
from facet.advice.skincare.recommend import recommend_skincare
from facet.catalogue.catalogue import Catalogue
from facet.domain.advice import Audience, Profile, SkincareResult
from facet.domain.analysis import Kind
from facet.domain.base import Part
from facet.domain.belongings import Belongings, Shelf
from facet.domain.face import FaceReading
from facet.domain.style import MakeupResult, OutfitResult, Weather
from facet.domain.tone import ToneOfPerson


@dataclass(frozen=True, slots=True)
class Wish:
    """Everything that one piece of advice is made from."""

    reading: FaceReading | None  # None: there is no photo
    profile: Profile
    owned: Belongings  # of the shelves that the adviser names
    catalogue: Callable[[], Catalogue]
    ranking: Ranking
    occasion: str | None
    weather: Weather | None
    today: date
    audience: Audience = "adults"
    tone_of_person: ToneOfPerson | None = None  # over all their photos; None: nothing is known


@dataclass(frozen=True, slots=True)
class Adviser:
    """One kind of advice: its result, what it reads, who makes it and what it says."""

    result: type[Part]  # what is stored and answered
    shelves: frozenset[Shelf]  # what of the person's belongings it reads
    advise: Callable[[Wish], Part]  # raises PermanentError for a wish that it cannot meet
    facts: Callable[[Any], AdviceFacts]  # of a `result`


def _skincare(wish: Wish) -> SkincareResult:
    # What skin of a tone asks for, it asks for in any light; a look is for the photo as it is.
    return recommend_skincare(
        wish.reading,
        wish.profile,
        wish.owned.bag,
        wish.catalogue(),
        today=wish.today,
        ranking=wish.ranking,
        audience=wish.audience,
        tone_of_person=wish.tone_of_person,
    )


def _makeup(wish: Wish) -> MakeupResult:
    return recommend_makeup(
        wish.reading,
        wish.profile,
        wish.owned.bag,
        wish.catalogue(),
        wish.occasion,
        today=wish.today,
        audience=wish.audience,
    )


def _outfit(wish: Wish) -> OutfitResult:
    return recommend_outfit(
        wish.reading,
        wish.profile,
        wish.owned.wardrobe,
        wish.owned.feedback,
        wish.occasion,
        weather=wish.weather,
        today=wish.today,
    )


BAG = frozenset({Shelf.BAG})
CLOTHES = frozenset({Shelf.WARDROBE, Shelf.FEEDBACK})

# In the order in which their facts are told.
ADVISERS: Mapping[Kind, Adviser] = {
    Kind.SKINCARE: Adviser(SkincareResult, BAG, _skincare, routine_facts),
    Kind.MAKEUP: Adviser(MakeupResult, BAG, _makeup, look_facts),
    Kind.OUTFIT: Adviser(OutfitResult, CLOTHES, _outfit, outfit_facts),
}
