"""The brief of a routine: everything it is chosen by, read once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from facet.advice.answer import Notes
from facet.advice.ranking import Ranking
from facet.advice.skincare.needs import Care, care_for
from facet.advice.skincare.shelf import shelf_of
from facet.catalogue.age import age_of
from facet.catalogue.catalogue import Catalogue, Item
from facet.catalogue.suitable import Person
from facet.domain.advice import Audience, Note, Profile
from facet.domain.face import FaceReading, Skin
from facet.domain.products import BagItem
from facet.saying import say


@dataclass(frozen=True, slots=True)
class Brief:
    """Everything a routine is chosen by."""

    skin: Skin | None  # as the photo shows it; None: there is none
    profile: Profile
    catalogue: Catalogue
    ranking: Ranking
    person: Person
    care: Care
    shelf: tuple[Item, ...]  # of what is owned, all that can be used, in a stable order
    new: frozenset[str]  # keys of what is owned and the skin is not used to yet

    @property
    def rules(self) -> Mapping[str, Any]:
        """The tables of data/skincare/rules.toml, as the catalogue carries them."""
        return self.catalogue.rules

    def is_new(self, item: Item) -> bool:
        """Whether an item is owned and the skin is not used to it yet."""
        return item.key in self.new


def brief_of(
    reading: FaceReading | None,
    profile: Profile,
    bag: Sequence[BagItem | Mapping[str, Any]],
    catalogue: Catalogue,
    *,
    today: date | None,
    ranking: Ranking,
    audience: Audience = "adults",
) -> tuple[Brief, tuple[Note, ...]]:
    """The brief, and a note for every word and product that was left out of it."""
    age = age_of(profile, audience, catalogue.ingredients, catalogue.rules)
    person = Person.of_profile(profile, catalogue.ingredients, age)
    notes = Notes()
    for term in person.avoided.unknown:
        notes.add("unknown_ingredient", say("routine.unknown_ingredient", term=term))
    shelf = shelf_of(bag, catalogue, person, today)
    skin = reading.skin if reading else None
    brief = Brief(
        skin=skin,
        profile=profile,
        catalogue=catalogue,
        ranking=ranking,
        person=person,
        care=care_for(skin, profile, catalogue.rules, age),
        shelf=shelf.items,
        new=shelf.new,
    )
    return brief, (*notes, *shelf.notes)
