"""Builds the catalogue snapshot from data/skincare, refusing whatever does not add up.

ingredients.toml holds what is known, products.csv only what a product is made of; concerns,
cautions, sessions and pregnancy advice follow from the ingredients, so a claim has one place and
one source.
"""

import csv
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from facet.advice.catalogue import (
    GOALS,
    MEDICINE,
    PREGNANCY,
    PRICE_BANDS,
    SKIN_TYPES,
    Catalogue,
    pack,
)
from facet.advice.ingredients import Ingredient, normal
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

OWN = "facet"  # our own judgement: may pace and place, never claim an effect
TRACE = 1.001  # rounding room on a legal ceiling

Percent = Annotated[float, Field(gt=0, le=100)]


class CatalogueError(PermanentError):
    """The sources contradict themselves; `problems` names every row at fault."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(
            "catalogue_invalid", f"{len(problems)} problems:\n  " + "\n  ".join(problems)
        )


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _SourceRow(_Row):
    title: str
    year: int = Field(ge=1990, le=2100)
    url: str | None = Field(default=None, pattern=r"^https?://")
    seen: Literal["text", "abstract", "secondary", "own"]


class _IngredientRow(_Row):
    inci: str
    also: tuple[str, ...] = ()
    role: Literal["active", "support", "filter", "base"]
    family: tuple[str, ...] = ()
    irritancy: int = Field(default=0, ge=0, le=3)
    helps: dict[Goal, tuple[Annotated[int, Field(ge=1, le=3)], Percent, str]] = {}
    limit: tuple[Percent, str] | None = None
    min: Percent | None = None
    re_factor: float | None = Field(default=None, gt=0, le=1)
    pregnancy: tuple[PregnancyAdvice, str] | None = None
    medicine: tuple[Literal["pharmacy", "prescription"], str] | None = None
    caution: tuple[str, str] | None = None


class _VehicleRow(_Row):
    category: str
    rinse_off: bool = False
    weight: int = Field(ge=1, le=9)
    skin: tuple[SkinType, ...]
    base: tuple[str, ...]
    opened_months: int = Field(ge=1, le=60)
    source: str


class _ProductRow(_Row):
    id: Slug
    name: str = Field(min_length=3)
    vehicle: str
    actives: tuple[tuple[str, Percent | None], ...]
    price: PriceBand
    spf: int | None = Field(default=None, ge=2, le=100)


class _Pair(_Row):
    a: str
    b: str
    level: Literal["block", "alternate", "prefer", "allow"]
    text: str
    source: str


class _Single(_Row):
    family: str
    per: Literal["session", "routine"]
    text: str
    source: str


class _Place(_Row):
    family: str
    only: Session | None = None
    prefer: Session | None = None
    source: str


class _Pace(_Row):
    family: str
    stages: tuple[tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1, le=7)]], ...] = (
        Field(min_length=1)
    )
    text: str
    source: str


class _Routine(_Row):
    steps: tuple[StepName, ...]
    step_of: dict[str, StepName]
    called: dict[str, str]
    source: str


class _NeedsSun(_Row):
    family: str
    source: str


class _Sun(_Row):
    spf: int = Field(ge=15, le=100)
    text: str
    source: str
    needed_text: str
    needed_by: tuple[_NeedsSun, ...] = Field(min_length=1)


class _Introduce(_Row):
    at_once: int = Field(ge=1)
    weeks: int = Field(ge=1)
    text: str
    source: str


class _Actives(_Row):
    am: int = Field(ge=1)
    pm: int = Field(ge=1)
    source: str
    support: int = Field(ge=0)


class _Needs(_Row):
    below: float = Field(ge=0, le=100)
    confidence: float = Field(ge=0, le=1)
    goal: float = Field(ge=0, le=1)
    dry_skin: float = Field(ge=0, le=1)
    sensitive_redness: float = Field(ge=0, le=100)
    too_harsh: int = Field(ge=1, le=3)
    source: str


class _Tone(_Row):
    tinted_below_ita: float = Field(ge=-90, le=90)
    pigment: tuple[Goal, ...]
    text: str
    source: str


class _Rank(_Row):
    grade: float
    need: float
    skin: float
    sensitive: float
    irritancy: float
    strength: float
    price: float
    medicine: float
    tint_wanted: float
    tint_unwanted: float
    white_cast: float
    source: str


class _SeeDoctor(_Row):
    concern: Goal
    below: float = Field(ge=0, le=100)
    text: str
    source: str


class _Doctor(_Row):
    pregnancy: str
    pregnancy_source: str
    prescription: str
    prescription_source: str


class _AvoidGroup(_Row):
    also: tuple[str, ...] = Field(min_length=1)
    families: tuple[str, ...] = Field(min_length=1)


class _Avoid(_Row):
    exact_only: tuple[str, ...]
    group: tuple[_AvoidGroup, ...]


class _Rules(_Row):
    routine: _Routine
    sun: _Sun
    pair: tuple[_Pair, ...]
    single: tuple[_Single, ...]
    place: tuple[_Place, ...]
    pace: tuple[_Pace, ...]
    introduce: _Introduce
    actives: _Actives
    needs: _Needs
    tone: _Tone
    rank: _Rank
    see_doctor: tuple[_SeeDoctor, ...]
    doctor: _Doctor
    avoid: _Avoid


def build_catalogue(data_dir: Path) -> bytes:
    """Snapshot bytes from a folder with sources.toml, ingredients.toml, vehicles.toml, rules.toml
    and products.csv (data/skincare).

    Raises CatalogueError naming every problem: a malformed row, an unknown ingredient, vehicle or
    source, a claim without a publication, a name two ingredients share, a concentration outside
    its legal limits, a sunscreen without SPF or filter, two products that are the same.
    """
    problems: list[str] = []

    def table[T: BaseModel](name: str, shape: type[T]) -> dict[str, T]:
        rows: dict[str, T] = {}
        for key, row in _read_toml(data_dir / name).items():
            try:
                rows[key] = shape.model_validate(row)
            except ValidationError as error:
                problems.append(f"{name} [{key}]: {_first(error)}")
        return rows

    sources = table("sources.toml", _SourceRow)
    ingredients = table("ingredients.toml", _IngredientRow)
    vehicles = table("vehicles.toml", _VehicleRow)
    products = list(_read_products(data_dir / "products.csv", problems))
    try:
        rules = _Rules.model_validate(_read_toml(data_dir / "rules.toml"))
    except ValidationError as error:
        raise CatalogueError([*problems, f"rules.toml: {_first(error)}"]) from error

    problems += _check_ingredients(ingredients, sources)
    problems += _check_vehicles(vehicles, ingredients, sources)
    problems += _check_rules(rules, ingredients, sources)
    problems += _check_products(products, ingredients, vehicles, rules)
    if problems:
        raise CatalogueError(problems)
    return pack(_content(sources, ingredients, vehicles, rules, products))


def write_catalogue(data_dir: Path, out: Path) -> Catalogue:
    """Build and write snapshot.json and products.jsonl (one domain Product a line) into `out`."""
    data = build_catalogue(data_dir)
    catalogue = Catalogue.load(data)
    out.mkdir(parents=True, exist_ok=True)
    (out / "snapshot.json").write_bytes(data)
    with (out / "products.jsonl").open("w", encoding="utf-8") as lines:
        lines.writelines(product.model_dump_json() + "\n" for product in catalogue)
    return catalogue


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise CatalogueError([f"{path}: {error}"]) from error


def _read_products(path: Path, problems: list[str]) -> Iterable[_ProductRow]:
    shape = TypeAdapter(_ProductRow)
    with path.open(encoding="utf-8", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), start=2):
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
                what = _first(error) if isinstance(error, ValidationError) else str(error)
                problems.append(f"products.csv line {line} ({row.get('id')}): {what}")


def _check_ingredients(
    ingredients: Mapping[str, _IngredientRow], sources: Mapping[str, _SourceRow]
) -> Iterable[str]:
    owner: dict[str, str] = {}
    for id_, row in ingredients.items():
        for name in {normal(n) for n in (row.inci, *row.also)}:
            if owner.setdefault(name, id_) != id_:
                yield f"ingredients.toml [{id_}]: the name {name!r} is also {owner[name]}'s"
        for goal, (_, _, source) in row.helps.items():
            if source == OWN or (source in sources and sources[source].seen == "own"):
                yield f"ingredients.toml [{id_}]: {goal} needs a publication, not our judgement"
        facts = [*row.helps.values(), row.limit, row.pregnancy, row.medicine, row.caution]
        for source in (fact[-1] for fact in facts if fact):
            if source not in sources:
                yield f"ingredients.toml [{id_}]: unknown source {source!r}"
        if row.role == "base" and row.helps:
            yield f"ingredients.toml [{id_}]: a base ingredient claims to help"


def _check_vehicles(
    vehicles: Mapping[str, _VehicleRow],
    ingredients: Mapping[str, _IngredientRow],
    sources: Mapping[str, _SourceRow],
) -> Iterable[str]:
    for id_, row in vehicles.items():
        if row.source not in sources:
            yield f"vehicles.toml [{id_}]: unknown source {row.source!r}"
        for part in row.base:
            if part not in ingredients:
                yield f"vehicles.toml [{id_}]: unknown ingredient {part!r}"


def _check_rules(
    rules: _Rules,
    ingredients: Mapping[str, _IngredientRow],
    sources: Mapping[str, _SourceRow],
) -> Iterable[str]:
    tags = set(ingredients) | {family for row in ingredients.values() for family in row.family}
    spoken_of = [tag for pair in rules.pair for tag in (pair.a, pair.b)]
    spoken_of += [row.family for row in rules.single]
    spoken_of += [row.family for row in rules.place]
    spoken_of += [row.family for row in rules.pace]
    spoken_of += [family for group in rules.avoid.group for family in group.families]
    spoken_of += [row.family for row in rules.sun.needed_by]
    for tag in spoken_of:
        if tag not in tags:
            yield f"rules.toml: no ingredient is of the family {tag!r}"
    for place in rules.place:
        if (place.only is None) == (place.prefer is None):
            yield f"rules.toml: place {place.family!r} says either only or prefer"
    cited = [row.source for row in rules.pair]
    cited += [row.source for row in rules.single]
    cited += [row.source for row in rules.place]
    cited += [row.source for row in rules.pace]
    cited += [row.source for row in rules.see_doctor]
    cited += [rules.doctor.pregnancy_source, rules.doctor.prescription_source]
    cited += [rules.routine.source, rules.sun.source, rules.tone.source]
    cited += [row.source for row in rules.sun.needed_by]
    cited += [rules.introduce.source, rules.actives.source, rules.needs.source]
    cited += [rules.rank.source]
    for source in cited:
        if source not in sources:
            yield f"rules.toml: unknown source {source!r}"


def _check_products(
    products: Sequence[_ProductRow],
    ingredients: Mapping[str, _IngredientRow],
    vehicles: Mapping[str, _VehicleRow],
    rules: _Rules,
) -> Iterable[str]:
    ids: set[str] = set()
    formulas: dict[tuple[object, ...], str] = {}
    for product in products:
        at = f"products.csv {product.id}"
        if product.id in ids:
            yield f"{at}: the id is used twice"
        ids.add(product.id)
        if product.vehicle not in vehicles:
            yield f"{at}: unknown vehicle {product.vehicle!r}"
            continue
        unknown = [name for name, _ in product.actives if name not in ingredients]
        if unknown:
            yield f"{at}: unknown ingredient {', '.join(map(repr, unknown))}"
            continue
        formula = (product.vehicle, frozenset(product.actives), product.spf)
        if formulas.setdefault(formula, product.id) != product.id:
            yield f"{at}: the same formula as {formulas[formula]}"
        yield from (f"{at}: {problem}" for problem in _check_formula(product, ingredients))
        sunscreen = vehicles[product.vehicle].category == "sunscreen"
        filtered = any(ingredients[name].role == "filter" for name, _ in product.actives)
        if sunscreen and not (product.spf and product.spf >= rules.sun.spf and filtered):
            yield f"{at}: a sunscreen needs a UV filter and SPF {rules.sun.spf} or more"
        if not sunscreen and product.spf:
            yield f"{at}: an SPF on something that is no sunscreen"


def _check_formula(
    product: _ProductRow, ingredients: Mapping[str, _IngredientRow]
) -> Iterable[str]:
    retinol = hydroxy = total = 0.0
    for name, percent in product.actives:
        row = ingredients[name]
        if percent is None:
            if row.role in ("active", "filter"):
                yield f"{name} needs its concentration"
            continue
        total += percent
        if row.re_factor:
            retinol += percent * row.re_factor
        elif row.limit and percent > row.limit[0] * TRACE:
            yield f"{percent:g} % {name} is above {row.limit[0]:g} % ({row.limit[1]})"
        if "aha" in row.family:
            hydroxy += percent
        if row.min and percent < row.min:
            yield f"{percent:g} % {name} is below {row.min:g} %"
        if row.medicine and row.medicine[0] == "prescription":
            yield f"{name} is a prescription medicine"
    # The law counts retinol and its esters together, the experts all alpha hydroxy acids.
    for name, sum_ in (("retinol", retinol), ("glycolic-acid", hydroxy)):
        ceiling = ingredients[name].limit if name in ingredients else None
        if ceiling and sum_ > ceiling[0] * TRACE:
            yield f"{sum_:.3g} % counted as {name} is above {ceiling[0]:g} % ({ceiling[1]})"
    if total > 100:
        yield f"its parts add up to {total:g} %"


def _content(
    sources: Mapping[str, _SourceRow],
    ingredients: Mapping[str, _IngredientRow],
    vehicles: Mapping[str, _VehicleRow],
    rules: _Rules,
    products: Sequence[_ProductRow],
) -> dict[str, Any]:
    # The snapshot is written with sorted keys, so that is the order rows are numbered in.
    ids = sorted(ingredients)
    kinds = sorted(vehicles)
    dumped = {id_: ingredients[id_].model_dump(exclude_defaults=True) for id_ in ids}
    known = {id_: Ingredient.of(id_, dumped[id_]) for id_ in ids}
    number = {id_: n for n, id_ in enumerate(ids)}
    categories = sorted({row.category for row in vehicles.values()})
    columns: dict[str, Any] = defaultdict(list)
    columns["brand"] = {}
    for product in products:
        vehicle = vehicles[product.vehicle]
        parts = [(known[name], percent) for name, percent in product.actives]
        base = [known[part] for part in vehicle.base]
        everything = list(dict.fromkeys([*base[:1], *(i for i, _ in parts), *base[1:]]))
        irritancy = max((i.irritancy for i in everything), default=0)
        if vehicle.rinse_off:
            irritancy = max(0, irritancy - 1)
        skin = set(vehicle.skin) | ({"sensitive"} if irritancy == 0 else set())
        columns["id"].append(product.id)
        columns["name"].append(product.name)
        columns["category"].append(categories.index(vehicle.category))
        columns["vehicle"].append(kinds.index(product.vehicle))
        columns["price"].append(PRICE_BANDS.index(product.price))
        columns["spf"].append(product.spf or 0)
        columns["skin"].append(sum(1 << SKIN_TYPES.index(t) for t in skin))
        columns["helps"].append(pack_helps(helps_of(parts, vehicle.rinse_off)))
        columns["irritancy"].append(irritancy)
        columns["pregnancy"].append(max(PREGNANCY.index(i.pregnancy) for i in everything))
        columns["medicine"].append(max(MEDICINE.index(i.medicine) for i in everything))
        columns["strength"].append(
            max(
                (
                    round(100 * p / i.ceiling)
                    for i, p in parts
                    if p and i.ceiling and i.role == "active"
                ),
                default=0,
            )
        )
        columns["treats"].append(int(any(i.role == "active" for i, _ in parts)))
        columns["tinted"].append(int(any("tint" in i.families for i, _ in parts)))
        columns["mineral"].append(
            int(
                any("mineral_filter" in i.families for i, _ in parts)
                and not any("organic_filter" in i.families for i, _ in parts)
            )
        )
        columns["actives"].append([x for i, p in parts for x in (number[i.id], p)])
        columns["inci"] += [number[i.id] for i in everything]
        columns["inci_end"].append(len(columns["inci"]))
    return {
        "sources": {k: v.model_dump(exclude_none=True) for k, v in sources.items()},
        "ingredients": dumped,
        "vehicles": {
            k: vehicles[k].model_dump(include={"category", "weight", "rinse_off", "opened_months"})
            for k in kinds
        },
        "rules": rules.model_dump(exclude_none=True),
        "categories": categories,
        "products": columns,
    }


def helps_of(
    parts: Iterable[tuple[Ingredient, float | None]], rinse_off: bool = False
) -> dict[str, int]:
    """Goal -> grade 1..3, from what is in a product in at least the concentration shown to work.

    The trials behind the grades left the product on: what is rinsed off gets 1 at most.
    """
    helps: dict[str, int] = {}
    for ingredient, percent in parts:
        for goal, (grade, least, _) in ingredient.helps.items():
            if percent is not None and percent >= least:
                helps[goal] = max(1 if rinse_off else grade, helps.get(goal, 0))
    return helps


def pack_helps(helps: Mapping[str, int]) -> int:
    """Two bits a goal, in the order of GOALS."""
    return sum(grade << (2 * GOALS.index(goal)) for goal, grade in helps.items())


def _first(error: ValidationError) -> str:
    detail = error.errors()[0]
    return f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}"
