"""The catalogue's sources as they must be: rows of data/skincare, read and refused one by one."""

import csv
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from facet.domain.advice import AgeBand
from facet.domain.errors import PermanentError
from facet.domain.products import (
    Goal,
    PregnancyAdvice,
    PriceBand,
    Session,
    SkinType,
    Slug,
    StepName,
)

# "honey", "wheat*", "*paraben*", "citrus* .. oil": words, stars, and a gap between two of them.
Pattern = Annotated[str, Field(pattern=r"^[^\s.]+( \.\.)?( [^\s.]+( \.\.)?)*$")]
Language = Literal["en", "de", "fr", "es", "it", "ja", "ko", "zh"]
Percent = Annotated[float, Field(gt=0, le=100)]


class CatalogueError(PermanentError):
    """The sources contradict themselves; `problems` names every row at fault."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(
            "catalogue_invalid", f"{len(problems)} problems:\n  " + "\n  ".join(problems)
        )


class Row(BaseModel):
    """A row of a source file: frozen, and refusing fields that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceRow(Row):
    """sources.toml: where a claim was read."""

    title: str
    year: int = Field(ge=1980, le=2100)
    url: str | None = Field(default=None, pattern=r"^https?://")
    seen: Literal["text", "abstract", "secondary", "own"]


Grade = Annotated[int, Field(ge=1, le=3)]
# grade, from percent, source of the grade; then that of the percent, where it is another
Helps = tuple[Grade, Percent, str] | tuple[Grade, Percent, str, str]


class KindRow(Row):
    """kinds.toml: what holds of every ingredient of a kind, where its own row says nothing else."""

    use: tuple[str, str]
    pregnancy: tuple[PregnancyAdvice, str] | None = None
    family: tuple[str, ...] = ()
    irritancy: int = Field(default=0, ge=0, le=3)
    caution: tuple[str, str] | None = None


class IngredientRow(Row):
    """ingredients.toml and formula.toml: what is known of one ingredient."""

    inci: str
    also: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    common: str | None = None
    kind: str | None = None
    use: tuple[str, str] | None = None
    role: Literal["active", "support", "filter", "base"] = "base"
    family: tuple[str, ...] = ()
    irritancy: int = Field(default=0, ge=0, le=3)
    helps: dict[Goal, Helps] = {}
    limit: tuple[Percent, str] | None = None
    rinse_off_limit: tuple[Percent, str] | None = None
    min: Percent | None = None
    re_factor: float | None = Field(default=None, gt=0, le=1)
    pregnancy: tuple[PregnancyAdvice, str] | None = None
    medicine: tuple[Literal["pharmacy", "prescription"], str] | None = None
    caution: tuple[str, str] | None = None

    def of_kind(self, kind: KindRow) -> "IngredientRow":
        """The row with what holds of its kind; what it says itself goes first, families add up."""
        told = {name: value for name, value in kind if value and not getattr(self, name)}
        families = tuple(dict.fromkeys((*self.family, *kind.family)))
        return self.model_copy(update={**told, "family": families})


class VehicleRow(Row):
    """vehicles.toml: what a product is made as."""

    category: str
    rinse_off: bool = False
    weight: int = Field(ge=1, le=9)
    skin: tuple[SkinType, ...]
    base: tuple[str, ...]
    opened_months: int = Field(ge=1, le=60)
    source: str


class ProductRow(Row):
    """products.csv: what a product is made of."""

    id: Slug
    name: str = Field(min_length=3)
    vehicle: str
    actives: tuple[tuple[str, Percent | None], ...]
    price: PriceBand
    spf: int | None = Field(default=None, ge=2, le=100)


class Pair(Row):
    """[[pair]] of rules.toml: whether two families or ingredients, a and b, may meet."""

    a: str
    b: str
    level: Literal["block", "alternate", "prefer", "allow"]
    text: str
    caution: str | None = None
    source: str


class Single(Row):
    """[[single]] of rules.toml: a family of which one product is enough."""

    family: str
    per: Literal["day", "routine"]
    text: str
    source: str


class Place(Row):
    """[[place]] of rules.toml: the session that a family must or should be used in."""

    family: str
    only: Session | None = None
    prefer: Session | None = None
    source: str


class Pace(Row):
    """[[pace]] of rules.toml: how the skin gets used to a family, in stages."""

    family: str
    stages: tuple[tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1, le=7)]], ...] = (
        Field(min_length=1)
    )
    text: str
    source: str


class Routine(Row):
    """[routine] of rules.toml: the order of steps, and the step of each category."""

    steps: tuple[StepName, ...]
    step_of: dict[str, StepName]
    called: dict[str, str]
    source: str


class NeedsSun(Row):
    """[[sun.needed_by]] of rules.toml: a family that asks for sunscreen."""

    family: str
    source: str


class Sun(Row):
    """[sun] of rules.toml: the least SPF, and what asks for sunscreen."""

    spf: int = Field(ge=15, le=100)
    text: str
    source: str
    needed_text: str
    needed_by: tuple[NeedsSun, ...] = Field(min_length=1)


class Introduce(Row):
    """[introduce] of rules.toml: how many new products at once, and for how many weeks."""

    at_once: int = Field(ge=1)
    weeks: int = Field(ge=1)
    untold_from: int = Field(ge=0, le=3)
    text: str
    source: str


class Load(Row):
    """[load] of rules.toml: irritancy points and evenings with something strong, a week."""

    points: int = Field(ge=1)
    sensitive_points: int = Field(ge=1)
    points_source: str
    strains: int = Field(ge=1, le=3)
    evenings: int = Field(ge=1, le=6)
    evenings_source: str
    sensitive_evenings: int = Field(ge=1, le=6)
    sensitive_source: str


class Peel(Row):
    """[peel] of rules.toml: what is rinsed off after minutes, and how often it is used."""

    category: str
    days: int = Field(ge=1, le=7)
    words: tuple[str, ...]
    source: str


class MedicineAbove(Row):
    """[[medicine_above]] of rules.toml: the percentage above which something is a medicine."""

    ingredient: str
    percent: Percent
    source: str


class Provokes(Row):
    """[[provokes]] of rules.toml: a family, and the goals that it makes worse at first."""

    family: str
    goals: tuple[Goal, ...] = Field(min_length=1)
    source: str


class FirstChoice(Row):
    """[[first_choice]] of rules.toml: what is taken first for a goal beside another."""

    ingredient: str
    goal: Goal
    beside: Goal
    source: str


class Shown(Row):
    """[[texture.shown]] of rules.toml: a score, 0..100, that speaks for a texture."""

    concern: Goal
    skin: SkinType
    from_score: float = Field(ge=0, le=100)
    sure: float = Field(ge=0, le=100)


class Texture(Row):
    """[texture] of rules.toml: which texture suits where no skin type was told."""

    source: str
    dry_goal: Goal
    dry_spared: tuple[str, ...]
    shown: tuple[Shown, ...]


class Wait(Row):
    """[[wait]] of rules.toml: minutes to wait before a product."""

    tag: str
    minutes: int = Field(ge=1, le=60)
    source: str


class Advice(Row):
    """[[advice]] of rules.toml: what the calendar says beside its days."""

    code: Literal["patch_test", "purging", "irritation"]
    families: tuple[str, ...] = ()
    source: str


class Actives(Row):
    """[actives] of rules.toml: how many actives and layers a session has room for."""

    am: int = Field(ge=1)
    pm: int = Field(ge=1)
    source: str
    support: int = Field(ge=0)


class Needs(Row):
    """[needs] of rules.toml: when a measure, 0..100, or its confidence, 0..1, becomes a need."""

    below: float = Field(ge=0, le=100)
    confidence: float = Field(ge=0, le=1)
    goal: float = Field(ge=0, le=1)
    dry_skin: float = Field(ge=0, le=1)
    sensitive_redness: float = Field(ge=0, le=100)
    too_harsh: int = Field(ge=1, le=3)
    source: str


class Tone(Row):
    """[tone] of rules.toml: below which ITA, in degrees, a sunscreen should be tinted."""

    tinted_below_ita: float = Field(ge=-90, le=90)
    pigment: tuple[Goal, ...]
    text: str
    source: str


class SeeDoctor(Row):
    """[[see_doctor]] of rules.toml: the score, 0..100, below which a doctor should look."""

    concern: Goal
    below: float = Field(ge=0, le=100)
    text: str
    source: str


class Doctor(Row):
    """[doctor] of rules.toml: what is said of pregnancy and of prescription medicines."""

    pregnancy: str
    pregnancy_source: str
    prescription: str
    prescription_source: str


class FamilyRow(Row):
    """families.toml: what people are allergic to or avoid, and how it stands on labels."""

    name: str
    called: dict[Language, tuple[str, ...]]
    inci: tuple[Pattern, ...] = ()
    entries: tuple[str, ...] = ()
    look_alikes: tuple[Pattern, ...] = Field(default=(), alias="not")
    tags: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()
    also_warn: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    note: str | None = None
    in_cosmetics: bool = True
    sources: tuple[str, ...] = Field(min_length=1)


class Typed(Row):
    """[typed] of families.toml: words that people write beside a name."""

    joins: tuple[str, ...]
    beside: tuple[str, ...]


class FamiliesFile(Row):
    """families.toml: the families, and how people write of them."""

    typed: Typed
    family: dict[str, FamilyRow]


class RefusedGroup(Row):
    """A table of refused.toml: what is never placed as a cosmetic, and how it is recognised."""

    kind: Literal["medicine", "never_at_home", "banned"]
    match: Literal["whole", "word", "stem", "ending", "all"]
    counts: Literal["anywhere", "early", "first"] = "anywhere"
    in_name: Literal["always", "unlabelled", "never"] = "always"
    above: Percent | None = None
    from_percent: Percent | None = Field(default=None, alias="from")
    names: dict[str, tuple[str, ...]]
    brands: dict[str, tuple[str, ...]] = {}
    over_the_counter: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    made: tuple[str, ...] = ()
    source: str


class NotFor(Row):
    """[[age.not_for]] of rules.toml: ingredients and groups, as people call them, and goals."""

    bands: tuple[AgeBand, ...] = Field(min_length=1)
    names: tuple[str, ...]
    goals: tuple[Goal, ...]
    source: str


class AgeRules(Row):
    """[age] of rules.toml: the steps of base care, and what is not for whom."""

    base: tuple[StepName, ...] = Field(min_length=1)
    source: str
    not_for: tuple[NotFor, ...]


class OnePercent(Row):
    """[one_percent] of labels.toml: what stands at or below 1 %, by law and by use."""

    limited: tuple[str, ...] = Field(min_length=1)
    source: str
    usual: tuple[str, ...]
    usual_source: str


class Trace(Row):
    """[trace] of labels.toml: families that count below 1 % as well, in what treats, and those that
    behind the first entries only set the acidity."""

    works_below: tuple[str, ...]
    sets_acidity: tuple[str, ...]
    first: int = Field(ge=0)
    source: str


class Gaps(Row):
    """[gaps] of labels.toml: how much of a label has to be known."""

    known_from: int = Field(ge=0, le=100)
    first: int = Field(ge=0)
    source: str


class LikeMedicine(Row):
    """[like_medicine] of labels.toml: names that are not believed without a label."""

    words: tuple[str, ...]
    below_percent: int = Field(gt=0, le=100)
    source: str


class LabelWords(Row):
    """[said_beside] of labels.toml: words that do not say which ingredient it is."""

    words: tuple[str, ...]
    source: str


class Called(Row):
    """[called] of labels.toml: what labels print instead of an INCI name."""

    source: str
    names: dict[str, str]


class Colours(Row):
    """[colours] of labels.toml: US names, hue -> number -> Colour Index."""

    model_config = ConfigDict(extra="allow", frozen=True)
    source: str
    __pydantic_extra__: dict[str, dict[str, str]]


class Plants(Row):
    """[plants] of labels.toml: parts and preparations, and plants by their other names."""

    source: str
    parts: tuple[str, ...]
    foreign: tuple[str, ...]
    english: dict[str, str]
    latin: dict[str, str]


class LabelRules(Row):
    """labels.toml: how the entries of a label are understood."""

    one_percent: OnePercent
    trace: Trace
    gaps: Gaps
    like_medicine: LikeMedicine
    called: Called
    colours: Colours
    plants: Plants
    said_beside: LabelWords


class Rules(Row):
    """rules.toml: how products may be put together."""

    routine: Routine
    sun: Sun
    pair: tuple[Pair, ...]
    single: tuple[Single, ...]
    place: tuple[Place, ...]
    pace: tuple[Pace, ...]
    introduce: Introduce
    load: Load
    peel: Peel
    medicine_above: tuple[MedicineAbove, ...]
    provokes: tuple[Provokes, ...]
    first_choice: tuple[FirstChoice, ...]
    texture: Texture
    wait: tuple[Wait, ...]
    advice: tuple[Advice, ...]
    actives: Actives
    needs: Needs
    tone: Tone
    see_doctor: tuple[SeeDoctor, ...]
    doctor: Doctor
    age: AgeRules


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file's content. Raises CatalogueError where it cannot be read."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise CatalogueError([f"{path}: {error}"]) from error


def read_products(path: Path, problems: list[str]) -> Iterable[ProductRow]:
    """Rows of products.csv; what is wrong with the others is added to `problems`.

    Raises CatalogueError where the file cannot be read.
    """
    shape = TypeAdapter(ProductRow)
    try:
        lines = path.read_text("utf-8-sig").splitlines(keepends=True)
    except (OSError, ValueError) as error:
        raise CatalogueError([f"{path}: {error}"]) from error
    for line, row in enumerate(csv.DictReader(lines), start=2):
        try:
            actives = [part.split() for part in row["actives"].split(";") if part.strip()]
            yield shape.validate_python(
                row
                | {
                    "actives": [(a[0], float(a[1]) if len(a) > 1 else None) for a in actives],
                    "spf": row["spf"] or None,
                }
            )
        except (ValidationError, ValueError, KeyError, AttributeError, TypeError) as error:
            what = first_error(error) if isinstance(error, ValidationError) else str(error)
            problems.append(f"products.csv line {line} ({row.get('id')}): {what}")


def first_error(error: ValidationError) -> str:
    """The first thing that is wrong with a row: its field and what was expected."""
    detail = error.errors()[0]
    return f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}"
