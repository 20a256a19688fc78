"""A morning and an evening routine from what a photo shows, what a person tells and what they own.

The rules are data (data/skincare/rules.toml, carried in the catalogue snapshot) and are only
interpreted here: read into a brief, chosen into a week, put into words. The same reading, profile,
bag and catalogue always give the same routine.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from facet.advice.answer import Cites, cited
from facet.advice.ranking import Ranking, load_ranking
from facet.advice.skincare.cycle import calendar_of
from facet.advice.skincare.read import Brief, brief_of
from facet.advice.skincare.routine import Choice, choose_routine
from facet.advice.skincare.say import based_on, note_of, see_doctor, steps_of, suggestion_of
from facet.catalogue.age import Age, notes_on_age
from facet.catalogue.catalogue import Catalogue
from facet.domain.advice import Audience, Note, Profile, SkincareResult, Source, Step
from facet.domain.face import FaceReading
from facet.domain.products import BagItem
from facet.domain.tone import ToneOfPerson

METHOD = "skincare-1"


def recommend_skincare(
    reading: FaceReading | None,
    profile: Profile,
    bag: Sequence[BagItem | Mapping[str, Any]],
    catalogue: Catalogue,
    *,
    today: date | None = None,
    ranking: Ranking | None = None,
    audience: Audience = "adults",
    tone_of_person: ToneOfPerson | None = None,
) -> SkincareResult:
    """A routine that keeps every rule of the catalogue.

    reading: None goes by what is told and owned alone. bag: items of any age; one that cannot be
    read, was withdrawn or must not be used is left out with a note. today: lets opened dates count
    (what is past its time, what is new). ranking: the weights that order what fits a gap; None, the
    version this release was tried with. audience: an age that nobody told is an adult's with
    `adults`; with `any` it is asked for. tone_of_person: what speaks for the tone beside the photo;
    the routine goes by it where it knows more.
    """
    brief, left_out = brief_of(
        reading,
        profile,
        bag,
        catalogue,
        today=today,
        ranking=ranking or load_ranking(),
        audience=audience,
        tone_of_person=tone_of_person,
    )
    choice = choose_routine(brief)
    am, pm = steps_of(brief, choice, "am"), steps_of(brief, choice, "pm")
    age = brief.person.age
    of_age = notes_on_age(age, profile.goals)
    notes = (*of_age, *left_out, *(note_of(brief, remark) for remark in choice.remarks))
    hints = see_doctor(brief)
    calendar = calendar_of(brief, choice)
    return SkincareResult(
        status="partial" if _is_partial(brief, choice, age) else "completed",
        version=METHOD,
        catalogue=catalogue.version,
        ranking=brief.ranking.version,
        based_on=based_on(brief),
        am=am,
        pm=pm,
        calendar=calendar,
        suggestions=tuple(suggestion_of(brief, proposal) for proposal in choice.proposals),
        notes=notes,
        see_doctor=hints,
        sources=_sources(catalogue, (*am, *pm), (*notes, *hints, *calendar.advice)),
    )


def _is_partial(brief: Brief, choice: Choice, age: Age) -> bool:
    """Whether something is missing, or something was told that nobody could go by."""
    return bool(choice.missing or brief.person.unclear) or age.band == "not_told"


def _sources(
    catalogue: Catalogue, steps: Iterable[Step], notes: Iterable[Note]
) -> tuple[Source, ...]:
    """Every source that a step, its reasons or a note cites, once, in that order."""
    cites: list[Cites] = []
    for step in steps:
        cites += [step, *step.why]
    return tuple(catalogue.source(id_) for id_ in cited([*cites, *notes]))
