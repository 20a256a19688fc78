"""Advice: what a person tells us, and the routine they get back, each step with its reasons."""

import datetime
from typing import Annotated, Literal

from pydantic import Field

from facet.domain.base import Part
from facet.domain.products import Goal, HexColor, PriceBand, Session, SkinType, StepName

AgeBand = Literal["under_13", "13_17", "adult"]
# Whom a stack is for: adults alone, or anybody, whose age then has to be told.
Audience = Literal["adults", "any"]
IngredientTerm = Annotated[str, Field(min_length=1, max_length=100)]


class GuardianConsent(Part):
    """What a parent or guardian of a person under 18 accepted, and when."""

    version: str = Field(
        min_length=1, max_length=64, description="of the consent text that was accepted"
    )
    date: datetime.date = Field(description="day it was accepted")


class FittingFoundation(Part):
    """A foundation whose shade fits the person's skin, as they say."""

    brand: str | None = Field(default=None, min_length=1, max_length=100, description="its maker")
    product: str | None = Field(default=None, min_length=1, max_length=200, description="its name")
    shade: str | None = Field(
        default=None, min_length=1, max_length=100, description="as its maker calls the shade"
    )
    hex: HexColor = Field(
        description="colour of the shade in sRGB, as it is sold; never one that nobody chose"
    )


class Profile(Part):
    """What a person told us. Nothing here is ever inferred from a photo."""

    skin_type: SkinType | None = Field(default=None, description="what they say their skin is")
    sensitive: bool = Field(default=False, description="stings or burns easily")
    goals: tuple[Goal, ...] = Field(
        default=(), max_length=12, description="what to work on, most important first; at most 12"
    )
    allergies: tuple[IngredientTerm, ...] = Field(
        default=(), max_length=50, description="ingredients or groups, by any name; at most 50"
    )
    not_in_cosmetics: tuple[IngredientTerm, ...] = Field(
        default=(),
        max_length=50,
        description="of `allergies` what they say is in no cosmetic, so that an allergy we do not "
        "understand holds no advice back; at most 50",
    )
    avoided_ingredients: tuple[IngredientTerm, ...] = Field(
        default=(), max_length=50, description="ingredients or groups, by any name; at most 50"
    )
    pregnancy: Literal["pregnant", "planning", "breastfeeding"] | None = Field(
        default=None, description="told, never inferred; what speaks against it is left out"
    )
    budget: PriceBand | None = Field(default=None, description="the dearest band to suggest")
    pigmentation_prone: bool | None = Field(default=None, description="dark marks come easily")
    monk_tone: int | None = Field(
        default=None, ge=1, le=10, description="Monk tone that is theirs: 1 lightest to 10 darkest"
    )
    fitting_foundation: FittingFoundation | None = Field(
        default=None,
        description="a foundation that fits; it speaks for their tone for as long as it is told, "
        "whether or not it is still in the bag",
    )
    age_band: AgeBand | None = Field(
        default=None, description="told, never inferred; under 18 it needs `guardian_consent`"
    )
    guardian_consent: GuardianConsent | None = Field(
        default=None, description="without it nobody under 18 is advised"
    )

    @property
    def lacks_consent(self) -> bool:
        """Whether it is of somebody under 18 whose guardian did not consent."""
        return self.age_band in ("under_13", "13_17") and self.guardian_consent is None


class Reason(Part):
    """One reason for a piece of advice, and what it rests on."""

    text: str = Field(description="one sentence")
    points_at: str = Field(
        description="path of the fact: skin.concerns.redness, skin.tone.ita, profile.goals, "
        "bag.<item_id>, rules.sun"
    )
    sources: tuple[str, ...] = Field(default=(), description="ids of `sources` of the result")


class RampStage(Part):
    """One stage of getting used to a product: from this week on, so many days a week.

    It is for skin that has stayed calm so far.
    """

    from_week: int = Field(ge=1, description="week of the routine, 1 is the first")
    days_per_week: int = Field(ge=1, le=7, description="1..7")


class ProductRef(Part):
    """Which product a step means; without an id, one the person has to find."""

    product_id: str | None = Field(default=None, description="of the catalogue")
    item_id: str | None = Field(default=None, description="the bag item, where it is owned")
    name: str = Field(description="of the product or of its kind")
    category: str = Field(description="cleanser, serum, sunscreen, ...")


class Step(Part):
    """One step of a routine: a product to put on, when and how."""

    step: StepName = Field(description="its place in the routine")
    product: ProductRef = Field(description="what to put on")
    owned: bool = Field(description="whether it is in the bag")
    new: bool = Field(default=False, description="an active the skin has to get used to")
    prescribed: bool = Field(default=False, description="by a doctor, who also says how often")
    days: tuple[int, ...] = Field(
        description="days 1..7 of a week to start with; two steps that clash never share one"
    )
    how_often: str = Field(description="in words")
    ramp: tuple[RampStage, ...] = Field(default=(), description="empty: as `days` says")
    why: tuple[Reason, ...] = Field(description="at least one")
    cautions: tuple[str, ...] = Field(default=(), description="what to mind, in sentences")
    sources: tuple[str, ...] = Field(default=(), description="for what its actives do")


class Suggestion(Part):
    """A gap in a routine, and the one product that would fill it."""

    gap: str = Field(description="cleanse, moisturise, protect, or the concern nothing owned helps")
    product: ProductRef = Field(description="what would fill it")
    price_band: PriceBand | None = Field(default=None, description="within its category")
    why: tuple[Reason, ...] = Field(description="at least one")
    features: dict[str, float] = Field(
        default_factory=dict, description="what the ranking weighed, by name"
    )


class Note(Part):
    """Something the person should know about this advice."""

    code: str = Field(description="stable word an app can switch on")
    text: str = Field(description="one sentence")
    item_id: str | None = Field(default=None, description="the bag or wardrobe item it is about")
    choices: tuple[str, ...] = Field(
        default=(), description="words to choose from, where the note asks: 'did you mean ...'"
    )
    sources: tuple[str, ...] = Field(default=(), description="ids of `sources` of the result")


class Source(Part):
    """Where a fact comes from."""

    id: str = Field(description="as reasons and notes name it")
    title: str = Field(description="of the publication")
    year: int = Field(description="of the publication")
    url: str | None = Field(default=None, description="where it can be read")
    seen: Literal["text", "abstract", "secondary", "own"] = Field(
        description="how much of it was read; own: our judgement, no publication"
    )


class CalendarUse(Part):
    """One product in a morning or an evening of the calendar."""

    step: StepName = Field(description="its place in the routine")
    product: ProductRef = Field(description="what to put on")
    wait_minutes: int = Field(
        default=0, ge=0, description="to wait before it, on clean and dry skin; 0: no wait"
    )


class CalendarSession(Part):
    """One morning or evening of a week."""

    day: int = Field(ge=1, le=7, description="1..7 of the week; which weekday it is, is free")
    session: Session = Field(description="am: morning, pm: evening")
    kind: Literal["treatment", "recovery", "base"] = Field(
        description="treatment: something strong is used; recovery: an evening without, in a week "
        "that has such evenings; base: nothing strong asks for a pause"
    )
    text: str = Field(description="one sentence")
    uses: tuple[CalendarUse, ...] = Field(description="in the order they are put on")


class RoutineCalendar(Part):
    """The first week of a routine, day by day: what is used when, and when the skin rests."""

    sessions: tuple[CalendarSession, ...] = Field(
        description="by day, each morning before its evening"
    )
    recovery_evenings: tuple[int, ...] = Field(
        default=(), description="days whose evening is for recovery"
    )
    advice: tuple[Note, ...] = Field(
        default=(), description="how to test what is new, what is usual at first, when to stop"
    )


class SkincareResult(Part):
    """A morning and an evening routine."""

    status: Literal["completed", "partial"] = Field(
        description="partial: a needed product could not be found, its step says what to look for; "
        "or an allergy was not understood, a note says which"
    )
    version: str = Field(description="of the method")
    catalogue: str = Field(description="of products and rules")
    ranking: str | None = Field(default=None, description="version of the weights that chose")
    based_on: tuple[str, ...] = Field(description="what was known, in words")
    am: tuple[Step, ...] = Field(description="in the order they are put on")
    pm: tuple[Step, ...] = Field(description="in the order they are put on")
    calendar: RoutineCalendar | None = Field(
        default=None, description="the first week day by day; none in results of older releases"
    )
    suggestions: tuple[Suggestion, ...] = Field(
        default=(), description="gaps, the most wanted first"
    )
    notes: tuple[Note, ...] = Field(default=(), description="what to know about this routine")
    see_doctor: tuple[Note, ...] = Field(default=(), description="empty: nothing asks for one")
    sources: tuple[Source, ...] = Field(
        default=(), description="everything that reasons and notes name"
    )

    def steps(self, session: Session) -> tuple[Step, ...]:
        """The steps of a morning or an evening, in order."""
        return self.am if session == "am" else self.pm
