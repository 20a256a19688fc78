"""Advice on one case that is told whole, without a stack: what the API answers, from one object."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import Field, ValidationError

from facet.advice.advisers import ADVISERS, Wish
from facet.advice.ranking import load_ranking
from facet.advice.words.facts import facts_of
from facet.advice.words.narrator import TemplateNarrator
from facet.advice.words.telling import telling_of
from facet.catalogue.catalogue import Catalogue
from facet.domain.advice import Audience, Profile
from facet.domain.analysis import Kind
from facet.domain.base import Part
from facet.domain.belongings import ITEM_ID, Belongings
from facet.domain.errors import PermanentError, PhotoRejectedError
from facet.domain.face import FaceReading, ReferenceKind
from facet.domain.products import BagDetails, BagItem, Goal
from facet.domain.style import Occasion, Weather
from facet.domain.tone_of_person import evidence_of, tone_of_person
from facet.saying import say
from facet.services.give_feedback import NewFeedback, check_feedback
from facet.services.keep_bag import completed
from facet.services.keep_profile import consented
from facet.services.keep_wardrobe import NewGarment
from facet.services.start_analysis import NewAnalysis

type ReadPhoto = Callable[[str, ReferenceKind | None], FaceReading]

OwnId = Annotated[str, Field(pattern=ITEM_ID)]


class OwnProduct(BagDetails):
    """A product of the bag, as PUT /v1/bag/<item_id> takes it."""

    item_id: OwnId


class OwnGarment(NewGarment):
    """A garment of the wardrobe, as PUT /v1/wardrobe/<item_id> takes it."""

    item_id: OwnId


class DatedFeedback(NewFeedback):
    """Feedback as POST /v1/feedback takes it, with its day; its analysis need not be named."""

    on: date


class Case(Part):
    """Everything that one person's advice is made from."""

    photo: str | None = Field(default=None, min_length=1, description="path of a photo")
    reference: ReferenceKind | None = Field(
        default=None, description="what is held beside the face on the photo"
    )
    analysis: dict[str, Any] | None = Field(
        default=None, description="a document of `facet analyze --json`, instead of a photo"
    )
    profile: Profile = Profile()
    bag: tuple[OwnProduct, ...] = ()
    wardrobe: tuple[OwnGarment, ...] = ()
    goals: tuple[Goal, ...] = Field(default=(), max_length=10)
    wants: tuple[Kind, ...] = Field(
        default=NewAnalysis.model_fields["wants"].default, min_length=1, max_length=10
    )
    occasion: Occasion | None = None
    weather: Weather | None = None
    language: str = Field(
        default="en",
        pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$",
        description="BCP 47; every answer is in English so far",
    )
    audience: Audience = "adults"
    feedback: tuple[DatedFeedback, ...] = ()
    today: date | None = Field(default=None, description="the day it is advised on; today (UTC)")


def advise_case(
    told: Mapping[str, Any], catalogue: Catalogue, read_photo: ReadPhoto | None = None
) -> dict[str, Any]:
    """The answer to one case: `recommendations` and `enhanced_analysis`, or `failure`.

    told: a Case as JSON has it. read_photo: path, what is held beside the face -> reading; where
    it is None, a case with a photo fails. A failure has a code and a sentence, `checks` of a photo
    and `errors` by field.
    """
    try:
        case = _case_of(told)
        return _advise(case, catalogue, _reading_of(case, read_photo))
    except ValidationError as error:
        return failure_of("invalid_request", _sentence(error), errors=_faults(error))
    except PhotoRejectedError as error:
        checks = [check.model_dump(mode="json", exclude_none=True) for check in error.checks]
        return failure_of(error.code, error.message, checks=checks)
    except PermanentError as error:
        return failure_of(error.code, error.message)


def failure_of(code: str, message: str, **more: Any) -> dict[str, Any]:
    """A case that could not be answered, as it is answered."""
    return {"failure": {"code": code, "message": message, "checks": [], **more}}


def _sentence(error: ValidationError) -> str:
    """The first field that does not fit, and why."""
    first = _faults(error)[0]
    return say("case.invalid", field=first["field"], reason=first["message"])


def _faults(error: ValidationError) -> list[dict[str, str]]:
    return [
        {"field": ".".join(map(str, fault["loc"])) or "case", "message": fault["msg"]}
        for fault in error.errors()
    ]


# --- the case ------------------------------------------------------------------------------------


def _case_of(told: Mapping[str, Any]) -> Case:
    """Raises ValidationError and PermanentError for what the API would refuse."""
    case = Case.model_validate(told)
    today = datetime.now(UTC).date()
    for feedback in case.feedback:
        check_feedback(feedback, case.today or today, named=False)
    for garment in case.wardrobe:
        if not garment.colours and garment.photo is None:
            raise PermanentError("colours_needed")
    for shelf, things in (("bag", case.bag), ("wardrobe", case.wardrobe)):
        item_id, count = max(
            Counter(thing.item_id for thing in things).items(),
            key=lambda row: row[1],
            default=("", 0),
        )
        if count > 1:
            text = say("case.twice", item_id=item_id, shelf=shelf)
            raise PermanentError("invalid_request", text)
    return case


def _reading_of(case: Case, read_photo: ReadPhoto | None) -> FaceReading | None:
    """What the photo shows, or what was read of it; None where there is neither."""
    if case.photo is not None and case.analysis is not None:
        raise PermanentError("invalid_request", say("case.photo_or_analysis"))
    if case.analysis is not None:
        return _stored_reading(case.analysis)
    if case.photo is None:
        return None
    if read_photo is None:
        raise PermanentError("reading_missing")
    return read_photo(case.photo, case.reference)


def _stored_reading(document: Mapping[str, Any]) -> FaceReading:
    if failure := document.get("failure"):
        code = failure.get("code") if isinstance(failure, Mapping) else failure
        raise PermanentError("not_a_reading", say("case.photo_failed", code=code))
    try:
        return FaceReading.model_validate(document)
    except ValidationError as error:
        raise PermanentError("not_a_reading", say("case.not_a_reading")) from error


def _bag(case: Case, catalogue: Catalogue) -> tuple[dict[str, Any], ...]:
    """The bag as it would be kept. Raises what PUT raises."""
    told = (completed(details, catalogue.product) for details in case.bag)
    return tuple(_dumped(BagItem.model_validate(item)) for item in told)


# --- the answer ----------------------------------------------------------------------------------


def _advise(case: Case, catalogue: Catalogue, reading: FaceReading | None) -> dict[str, Any]:
    goals = tuple(dict.fromkeys((*case.goals, *case.profile.goals)))
    profile = consented(case.profile).model_copy(update={"goals": goals})
    wish = Wish(
        reading=reading,
        profile=profile,
        owned=Belongings(
            profile={},
            bag=_bag(case, catalogue),
            wardrobe=tuple(_garment(garment) for garment in case.wardrobe),
            feedback=tuple(_dumped(feedback) for feedback in case.feedback),
        ),
        catalogue=lambda: catalogue,
        ranking=load_ranking(),
        occasion=case.occasion,
        weather=case.weather,
        today=case.today or datetime.now(UTC).date(),
        audience=case.audience,
        tone_of_person=tone_of_person(evidence_of(reading) if reading else (), profile),
    )
    results = {kind: _result(kind, wish) for kind in dict.fromkeys(case.wants)}
    age_band = profile.age_band
    words = TemplateNarrator().narrate(
        facts_of(reading, results, person=wish.tone_of_person, age_band=age_band)
    )
    told = None
    if reading:
        told = telling_of(reading, person=wish.tone_of_person, age_band=age_band)
    return {
        **({"telling": told.model_dump(mode="json", exclude_none=True)} if told else {}),
        "recommendations": {str(kind): result for kind, result in results.items()},
        "enhanced_analysis": words.model_dump(mode="json", exclude_none=True),
    }


def _dumped(thing: Part) -> dict[str, Any]:
    return thing.model_dump(mode="json", exclude_defaults=True)


def _garment(garment: OwnGarment) -> dict[str, Any]:
    """A garment as it would be kept; a photo that is not sent yet matters for want of colours."""
    told = _dumped(garment)
    if garment.colours:
        told.pop("photo", None)
    return told


def _result(kind: Kind, wish: Wish) -> dict[str, Any]:
    """A kind's result as the analysis document has it; of one that cannot be made, why not."""
    try:
        return ADVISERS[kind].advise(wish).model_dump(mode="json", exclude_none=True)
    except PermanentError as error:
        return {"status": "failed", "code": error.code, "message": error.message}
