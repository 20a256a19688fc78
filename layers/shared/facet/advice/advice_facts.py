"""The facts of each kind of advice, a routine, a look, an outfit, for whoever words them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from facet.advice.allergies import NOT_UNDERSTOOD
from facet.domain.advice import Note, ProductRef, Reason, SkincareResult, Step
from facet.domain.narration import GapFact, OutfitFact, ProductFact, StepFact
from facet.domain.style import Look, MakeupResult, OutfitResult
from facet.saying import say

MAKEUP = "makeup"  # what the steps of a look do

# Codes of notes that ask for something without which the advice is not whole.
_FIRST = (NOT_UNDERSTOOD, "age_not_told")

# Codes of notes on what is owned and may do harm, or waits for a doctor's word.
_HARM = (
    *("avoided_ingredient", "not_in_pregnancy", "ask_in_pregnancy", "prescriptions_clash"),
    *("medicine", "prescription_untold", "never_at_home", "banned", "too_strong"),
)
_MOST_HARM = 3  # of them in a summary

# Reasons whose text holds nothing a person typed or named.
_SPOKEN = (
    "skin.",
    "profile.goals",
    "profile.skin_type",
    "profile.sensitive",
    "catalogue.",
    "rules.",
)


@dataclass(frozen=True, slots=True)
class AdviceFacts:
    """The facts that one result adds to those of its analysis, by the fields of Facts."""

    steps: tuple[StepFact, ...] = ()
    gaps: tuple[GapFact, ...] = ()
    see_doctor: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    first: tuple[str, ...] = ()
    outfit: OutfitFact | None = None


def routine_facts(routine: SkincareResult) -> AdviceFacts:
    """The facts of a routine: both halves of the day, the gaps, and the hints to see a doctor."""
    return AdviceFacts(
        steps=tuple(_routine_steps(routine)),
        gaps=tuple(
            GapFact(gap=suggestion.gap, product=_product(suggestion.product))
            for suggestion in routine.suggestions
        ),
        see_doctor=tuple(hint.text for hint in routine.see_doctor if not _is_told(hint)),
        told=tuple(hint.text for hint in routine.see_doctor if _is_told(hint)),
        first=_first(routine.notes),
    )


def look_facts(makeup: MakeupResult) -> AdviceFacts:
    """The facts of the first look, which suits best: its steps and its cautions."""
    first = _first(makeup.notes)
    if not makeup.looks:
        return AdviceFacts(first=first)
    look = makeup.looks[0]
    # These name what the person avoids, in the person's words.
    cautions = dict.fromkeys(text for step in look.steps for text in step.cautions)
    return AdviceFacts(steps=tuple(_look_steps(look)), told=tuple(cautions), first=first)


def outfit_facts(clothes: OutfitResult) -> AdviceFacts:
    """The facts of the first outfit, which suits best."""
    if not clothes.outfits:
        return AdviceFacts()
    best = clothes.outfits[0]
    garments = tuple(item.name for item in best.items)
    return AdviceFacts(outfit=OutfitFact(occasion=best.occasion, garments=garments))


def _routine_steps(routine: SkincareResult) -> Iterator[StepFact]:
    for when, steps in (("morning", routine.am), ("evening", routine.pm)):
        for step in steps:
            yield StepFact(
                when=when,
                what=step.step,
                product=_product(step.product, step),
                how_often=step.how_often,
                why=_spoken(step.why),
                cautions=step.cautions,
            )


def _look_steps(look: Look) -> Iterator[StepFact]:
    for step in look.steps:
        yield StepFact(
            when=f"{look.occasion.replace('_', ' ')} look",
            what=MAKEUP,
            product=ProductFact(
                product_id=step.product_id,
                name=step.name if step.product_id else None,
                category=step.category,
                owned=step.owned,
            ),
            why=_spoken(step.why),
        )


def _first(notes: Sequence[Note]) -> tuple[str, ...]:
    """What a summary says before anything else."""
    asked = [note.text for note in notes if note.code in _FIRST and note.item_id is None]
    harm = [note.text for note in notes if note.code in _HARM and note.item_id]
    rest = [say("summary.more_left_out")] if len(harm) > _MOST_HARM else []
    return (*asked, *harm[:_MOST_HARM], *rest)


def _is_told(hint: Note) -> bool:
    """Whether a hint rests on what the person told of their health."""
    return hint.code == "pregnancy"


def _spoken(reasons: Iterable[Reason]) -> tuple[str, ...]:
    """The sentences of reasons that hold nothing a person typed."""
    return tuple(reason.text for reason in reasons if reason.points_at.startswith(_SPOKEN))


def _product(ref: ProductRef, step: Step | None = None) -> ProductFact:
    return ProductFact(
        product_id=ref.product_id,
        # Without an id its name is what the owner called it, or what to look for.
        name=ref.name if ref.product_id else None,
        category=ref.category,
        owned=step.owned if step else False,
    )
