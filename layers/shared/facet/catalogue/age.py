"""What a person's age leaves out: bands that are told, rules of data/skincare/rules.toml.

Under 13, and while nobody told the age to a stack that is for anybody, there is base care alone. A
prescription has its place at any age.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from facet.catalogue.families import Avoided
from facet.catalogue.ingredients import Ingredients
from facet.domain.advice import AgeBand, Audience, Note, Profile
from facet.saying import plain, say

BASE_CARE = ("under_13", "not_told")


@dataclass(frozen=True, slots=True)
class Age:
    """An age, and what is not for it."""

    band: AgeBand | Literal["not_told"]
    goals: frozenset[str] = frozenset()  # not worked on
    ingredients: frozenset[str] = frozenset()  # ids
    named: Avoided | None = None  # the same in names that no described ingredient answers to
    steps: tuple[str, ...] | None = None  # all that there is; None: any
    source: str = ""  # of `steps`, or of the first rule

    @property
    def code(self) -> Literal["age_not_told", "not_at_this_age"]:
        """Code of a note on what the age leaves out."""
        return "age_not_told" if self.band == "not_told" else "not_at_this_age"

    @property
    def is_base_care(self) -> bool:
        """Whether nothing that treats has a place."""
        return self.steps is not None

    def works_on(self, goal: str) -> bool:
        """Whether a goal is worked on; dryness is the moisturiser's."""
        return goal == "dryness" if self.is_base_care else goal not in self.goals

    def rules_out(self, ingredients: frozenset[str], written: Iterable[str]) -> bool:
        """Whether a product of these ingredients (ids), names and unread entries is not for it."""
        if ingredients & self.ingredients:
            return True
        return self.named is not None and any(map(self.named.named_in, written))


ADULT = Age("adult")


def age_of(
    profile: Profile, audience: Audience, ingredients: Ingredients, rules: Mapping[str, Any]
) -> Age:
    """The age a person told; rules: those of the catalogue."""
    band = profile.age_band or ("adult" if audience == "adults" else "not_told")
    if band == "adult":
        return ADULT
    table = rules["age"]
    # An age that is not told may be the youngest.
    rows = [row for row in table["not_for"] if band == "not_told" or band in row["bands"]]
    named = ingredients.avoided([name for row in rows for name in row["names"]])
    return Age(
        band=band,
        goals=frozenset(goal for row in rows for goal in row["goals"]),
        # A pharmacy's medicine has cautions of its own, a prescription its doctor.
        ingredients=frozenset(
            id_ for id_ in named.ingredients if ingredients.by_id[id_].medicine is None
        ),
        named=named,
        steps=tuple(table["base"]) if band in BASE_CARE else None,
        source=table["source"] if band in BASE_CARE else rows[0]["source"],
    )


def notes_on_age(age: Age, goals: Iterable[str]) -> tuple[Note, ...]:
    """What the age leaves out of advice, in sentences; goals: what was told to work on."""
    sources = (age.source,) if age.source else ()
    if age.band == "not_told":
        return (Note(code=age.code, text=say("age.not_told"), sources=sources),)
    if age.is_base_care:
        return (Note(code="base_care", text=say("age.base_care"), sources=sources),)
    return tuple(
        Note(code=age.code, text=say("age.goal", goal=plain(goal)), sources=sources)
        for goal in goals
        if not age.works_on(goal)
    )
