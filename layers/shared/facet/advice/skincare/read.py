"""The brief of a routine: everything it is chosen by, read once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from facet.advice.allergies import notes_on_allergies
from facet.advice.answer import Notes
from facet.advice.ranking import Ranking
from facet.advice.skincare.aims import Aims, aims_of
from facet.advice.skincare.needs import Care, care_for
from facet.advice.skincare.shelf import shelf_of
from facet.advice.skincare.texture import Texture, texture_for
from facet.catalogue.age import age_of
from facet.catalogue.catalogue import Catalogue, Item
from facet.catalogue.suitable import Person
from facet.domain.advice import Audience, Note, Profile
from facet.domain.face import FaceReading, Skin
from facet.domain.products import BagItem, PrescribedUse
from facet.domain.tone import ToneOfPerson
from facet.domain.tone_of_person import surer
from facet.saying import say


@dataclass(frozen=True, slots=True)
class Brief:
    """Everything a routine is chosen by."""

    skin: Skin | None  # as the photo shows it, its tone as all that speaks for it; None: no photo
    tone_of: Literal["photo", "photos", "told"]  # whose its tone is, see ToneOfPerson.speaks
    profile: Profile
    catalogue: Catalogue
    ranking: Ranking
    person: Person
    care: Care
    texture: Texture
    shelf: tuple[Item, ...]  # of what is owned, all that can be used, in a stable order
    new: frozenset[str]  # keys of what is owned and the skin is not used to yet
    untold: frozenset[str]  # keys of those that are new because nobody said anything
    prescribed: Mapping[str, PrescribedUse]  # keys of what a doctor prescribed, and how often
    listed: tuple[Item, ...]  # medicines that are owned and not placed
    aims: Mapping[str, Aims]  # by key, what each owned product is for

    @property
    def rules(self) -> Mapping[str, Any]:
        """The tables of data/skincare/rules.toml, as the catalogue carries them."""
        return self.catalogue.rules

    def is_new(self, item: Item) -> bool:
        """Whether an item is owned and the skin is not used to it yet."""
        return item.key in self.new

    def is_prescribed(self, item: Item) -> bool:
        """Whether a doctor prescribed an item, for the face."""
        return item.key in self.prescribed

    def aims_of(self, item: Item) -> Aims:
        """The goals that an item is for, with the grade of the evidence, 1..3."""
        aims = self.aims.get(item.key)
        return aims_of(item, self.catalogue) if aims is None else aims


def brief_of(
    reading: FaceReading | None,
    profile: Profile,
    bag: Sequence[BagItem | Mapping[str, Any]],
    catalogue: Catalogue,
    *,
    today: date | None,
    ranking: Ranking,
    audience: Audience = "adults",
    tone_of_person: ToneOfPerson | None = None,
) -> tuple[Brief, tuple[Note, ...]]:
    """The brief, and a note for every word and product that was left out of it."""
    age = age_of(profile, audience, catalogue.ingredients, catalogue.rules)
    person = Person.of_profile(profile, catalogue.ingredients, age)
    notes = Notes()
    notes += notes_on_allergies(person, profile, catalogue.ingredients)
    unclear = {told.term for told in person.unclear}
    for term in person.avoided.unknown:
        if term not in unclear:
            notes.add("unknown_ingredient", say("routine.unknown_ingredient", term=term))
    shelf = shelf_of(bag, catalogue, person, today)
    notes += _not_checked(shelf.items, sorted(unclear))
    skin = surer(reading, tone_of_person).skin if reading else None
    known = tone_of_person if tone_of_person and tone_of_person.knows_more else None
    brief = Brief(
        skin=skin,
        tone_of=known.speaks if known else "photo",
        profile=profile,
        catalogue=catalogue,
        ranking=ranking,
        person=person,
        care=care_for(skin, profile, catalogue.rules, age),
        texture=texture_for(skin.concerns if skin else (), profile, catalogue.rules),
        shelf=shelf.items,
        new=shelf.new,
        untold=shelf.untold,
        prescribed=shelf.prescribed,
        listed=shelf.listed,
        aims={item.key: aims_of(item, catalogue) for item in (*shelf.items, *shelf.listed)},
    )
    return brief, (*notes, *shelf.notes)


def _not_checked(items: Sequence[Item], terms: Sequence[str]) -> Notes:
    """A note on each product that is kept though an allergy was not understood."""
    notes = Notes()
    for item in items if terms else ():
        text = say("allergy.not_checked", name=item.name, terms=", ".join(map(repr, terms)))
        notes.add("allergy_not_checked", text, item.item_id)
    return notes
