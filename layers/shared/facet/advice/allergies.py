"""What a person told of their allergies and what became of it, in notes for every adviser."""

from collections.abc import Iterator

from facet.catalogue.families import Understood
from facet.catalogue.family import Family
from facet.catalogue.ingredients import Ingredients
from facet.catalogue.suitable import Person
from facet.domain.advice import Note, Profile
from facet.saying import say

NOT_UNDERSTOOD = "allergy_not_understood"  # said first in every summary


def notes_on_unclear(person: Person) -> Iterator[Note]:
    """A note on every allergy that nobody understood, with what it may have meant."""
    for told in person.unclear:
        if choices := told.did_you_mean:
            text = say("allergy.did_you_mean", term=told.term, choices=either(choices))
        else:
            text = say("allergy.not_understood", term=told.term)
        yield Note(code=NOT_UNDERSTOOD, text=text, choices=choices)


def notes_on_allergies(
    person: Person, profile: Profile, ingredients: Ingredients
) -> Iterator[Note]:
    """A note on every allergy that was not understood, and on what no label can tell of others."""
    yield from notes_on_unclear(person)
    allergies = set(profile.allergies)
    for told in person.avoided.understood:
        if told.term in allergies and told.kind != "unknown":
            yield from _on_understood(told)
            if related := ingredients.related(told):
                names = listed(tuple(family.name for family in related))
                text = f"{told.term}: {say('allergy.related', names=names)}"
                yield Note(code="allergy_related", text=text)


def _on_understood(told: Understood) -> Iterator[Note]:
    if told.did_you_mean:
        text = say("allergy.two_meanings", term=told.term, choices=either(told.did_you_mean))
        yield Note(code="allergy_two_meanings", text=text, choices=told.did_you_mean)
    for family in told.families:
        if family.note:
            text = say("allergy.no_label", name=_first(family), note=family.note)
            yield Note(code="allergy_on_no_label", text=text)


def _first(family: Family) -> str:
    return family.name[:1].upper() + family.name[1:]


def listed(names: tuple[str, ...]) -> str:
    """Names as a sentence lists them: "a, b and c"."""
    if len(names) < 2:
        return "".join(names)
    return say("allergy.both", names=", ".join(names[:-1]), last=names[-1])


def either(names: tuple[str, ...]) -> str:
    """Names as a question lists them: "a, b or c"."""
    if len(names) < 2:
        return "".join(names)
    return say("allergy.either", names=", ".join(names[:-1]), last=names[-1])
