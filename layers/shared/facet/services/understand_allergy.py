"""GET /v1/ingredients/avoid: what a word stands for that a person types of an allergy."""

from typing import Literal, Protocol

from pydantic import Field

from facet.advice.allergies import either, listed
from facet.catalogue.families import Understood
from facet.catalogue.ingredients import Ingredients
from facet.domain.base import Answer
from facet.saying import say


class AvoidedFamily(Answer):
    """A family of ingredients that would be left out."""

    id: str = Field(description="stable; of families.toml")
    name: str = Field(description="in the middle of a sentence")


class UnderstoodTerm(Answer):
    """What a typed word stands for, before it is saved with a profile."""

    term: str = Field(description="as it was typed")
    kind: Literal["family", "ingredient", "not_cosmetic", "unknown"] = Field(
        description="family: a family of ingredients is left out; ingredient: what is called so; "
        "not_cosmetic: nothing has to be left out for it; unknown: ask which of `did_you_mean` it "
        "is, or whether it is in cosmetics at all"
    )
    text: str = Field(description="the same in a sentence or two")
    families: tuple[AvoidedFamily, ...] = Field(
        (), description="What is left out for it, also where a part of it is unknown."
    )
    did_you_mean: tuple[str, ...] = Field(
        (), description="Words to take instead, the likeliest first; at most 3."
    )
    also_warn: tuple[str, ...] = Field(
        (), description="Families that whoever is allergic to it should ask a doctor about."
    )


class Facts(Protocol):
    """What the snapshot knows of ingredients."""

    ingredients: Ingredients


def understand_allergy(term: str, *, facts: Facts) -> UnderstoodTerm:
    """What a typed word stands for; nothing of it is kept."""
    told = facts.ingredients.understood(term)
    families = told.families if told.kind != "not_cosmetic" else ()
    related = facts.ingredients.related(told)
    return UnderstoodTerm(
        term=term,
        kind=told.kind,
        text=" ".join(_sentences(told, tuple(family.name for family in related))),
        families=tuple(AvoidedFamily(id=f.id, name=f.name) for f in families),
        did_you_mean=told.did_you_mean,
        also_warn=tuple(family.name for family in related),
    )


def _sentences(told: Understood, related: tuple[str, ...]) -> list[str]:
    sentences = [_first(told)]
    sentences += [family.note for family in told.families if family.note]
    if related:
        sentences.append(say("allergy.related", names=listed(related)))
    return sentences


def _first(told: Understood) -> str:
    if told.kind == "unknown" and told.did_you_mean:
        return say("allergy.understood.unknown_did_you_mean", choices=either(told.did_you_mean))
    if told.did_you_mean:
        choices = either(told.did_you_mean)
        return say("allergy.two_meanings", term=told.term, choices=choices)
    names = listed(tuple(family.name for family in told.families))
    return say(f"allergy.understood.{told.kind}", term=told.term, names=names)
