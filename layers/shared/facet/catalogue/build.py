"""Builds the catalogue snapshot from data/skincare and what was imported beside it.

ingredients.toml holds what is known, a product only what it is made of; concerns, cautions,
sessions and pregnancy advice follow from the ingredients, so a claim has one place and one source.
Our own rows are refused where they do not add up; an imported product whose stated concentrations
pass a legal ceiling is left out and named.
"""

import csv
import tomllib
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from facet.catalogue.catalogue import (
    GOALS,
    PRICE_BANDS,
    SKIN_TYPES,
    Catalogue,
)
from facet.catalogue.evidence import (
    Parts,
    bought_for,
    helps_of,
    irritancy_of,
    is_unstated,
    rinsed_categories,
)
from facet.catalogue.files import written
from facet.catalogue.index import index_columns
from facet.catalogue.ingredients import Ingredient, Ingredients
from facet.catalogue.snapshot import JSON_UP_TO, Texts, pack, smallest
from facet.catalogue.suitable import (
    FULL_LABEL,
    MEDICINE,
    NO_LABEL,
    NO_PERCENTAGES,
    PREGNANCY,
    gravest_medicine,
    gravest_pregnancy,
)
from facet.catalogue.words import normal
from facet.domain.errors import PermanentError
from facet.domain.products import (
    Goal,
    PregnancyAdvice,
    PriceBand,
    Product,
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
    see_doctor: tuple[_SeeDoctor, ...]
    doctor: _Doctor
    avoid: _Avoid


def build_catalogue(data_dir: Path, imported: Iterable[Product] = ()) -> bytes:
    """Snapshot bytes from a folder with sources.toml, ingredients.toml, vehicles.toml, rules.toml
    and products.csv (data/skincare), and from products as `facet catalog import` writes them.

    Raises CatalogueError naming every problem: a malformed row, an unknown ingredient, vehicle or
    source, a claim without a publication, a name two ingredients share, a concentration outside
    its legal limits, a sunscreen without SPF or filter, two products that are the same; of the
    imported ones an id used twice. What passes a legal ceiling there is left out.
    """
    return _build(data_dir, imported)[0]


def _build(data_dir: Path, imported: Iterable[Product]) -> tuple[bytes, list[str]]:
    """Snapshot bytes, and what was left out of the imported products and why."""
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
    left_out: list[str] = []
    content = _content(
        sources,
        ingredients,
        vehicles,
        rules,
        products=products,
        imported=_within_limits(imported, ingredients, left_out),
    )
    if len(content["products"]["id"]) > JSON_UP_TO:
        content["index"] = index_columns(Catalogue(content, version=""))
    return pack(content), left_out


@dataclass(frozen=True, slots=True)
class Built:
    """What `facet catalog build` wrote."""

    catalogue: Catalogue
    left_out: Sequence[str]  # imported products that pass a legal ceiling: which, and why


def write_catalogue(data_dir: Path, out: Path, imported: Path | None = None) -> Built:
    """Build and write snapshot.json and products.jsonl (one domain Product a line) into `out`,
    each all or nothing.

    imported: a folder of .jsonl files as `facet catalog import` writes them, read in the order of
    their names; none where it does not exist. Raises CatalogueError.
    """
    data, left_out = _build(data_dir, _read_imported(imported) if imported else ())
    catalogue = Catalogue.load(data)
    with written(out / "products.jsonl") as lines:
        lines.writelines(product.model_dump_json().encode() + b"\n" for product in catalogue)
    with written(out / "snapshot.json") as file:
        file.write(data)
    return Built(catalogue, left_out)


def _read_imported(folder: Path) -> Iterator[Product]:
    for path in sorted(folder.glob("*.jsonl")):
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                try:
                    yield Product.model_validate_json(line)
                except ValidationError as error:
                    at = f"{path.name} line {number}: {_first(error)}; import it again"
                    raise CatalogueError([at]) from error


def _within_limits(
    imported: Iterable[Product], ingredients: Mapping[str, _IngredientRow], left_out: list[str]
) -> Iterator[Product]:
    known = Ingredients([Ingredient.of(k, _dumped(row)) for k, row in ingredients.items()], (), ())
    for product in imported:
        stated = [
            (found.id, active.percent)
            for active in product.actives
            if active.percent is not None and (found := known.find_label(active.inci))
        ]
        why = next(iter(_check_formula(stated, ingredients)), None)
        if why is None:
            yield product
        else:
            left_out.append(f"{product.product_id}: {why}")


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise CatalogueError([f"{path}: {error}"]) from error


def _read_products(path: Path, problems: list[str]) -> Iterable[_ProductRow]:
    shape = TypeAdapter(_ProductRow)
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
        yield from (f"{at}: {problem}" for problem in _check_formula(product.actives, ingredients))
        sunscreen = vehicles[product.vehicle].category == "sunscreen"
        filtered = any(ingredients[name].role == "filter" for name, _ in product.actives)
        if sunscreen and not (product.spf and product.spf >= rules.sun.spf and filtered):
            yield f"{at}: a sunscreen needs a UV filter and SPF {rules.sun.spf} or more"
        if not sunscreen and product.spf:
            yield f"{at}: an SPF on something that is no sunscreen"


def _check_formula(
    actives: Iterable[tuple[str, float | None]], ingredients: Mapping[str, _IngredientRow]
) -> Iterable[str]:
    """What is wrong with a formula: each ingredient by itself, then their sums."""
    stated: list[tuple[_IngredientRow, float]] = []
    for name, percent in actives:
        row = ingredients[name]
        if percent is not None:
            stated.append((row, percent))
            yield from _check_part(name, row, percent)
        elif row.role in ("active", "filter"):
            yield f"{name} needs its concentration"
    # The law counts retinol and its esters together, the experts all alpha hydroxy acids.
    retinol = sum(percent * row.re_factor for row, percent in stated if row.re_factor)
    hydroxy = sum(percent for row, percent in stated if "aha" in row.family)
    for name, counted in (("retinol", retinol), ("glycolic-acid", hydroxy)):
        ceiling = ingredients[name].limit if name in ingredients else None
        if ceiling and counted > ceiling[0] * TRACE:
            yield f"{counted:.3g} % counted as {name} is above {ceiling[0]:g} % ({ceiling[1]})"
    total = sum(percent for _, percent in stated)
    if total > 100:
        yield f"its parts add up to {total:g} %"


def _check_part(name: str, row: _IngredientRow, percent: float) -> Iterable[str]:
    """What is wrong with one ingredient at this concentration."""
    if row.limit and not row.re_factor and percent > row.limit[0] * TRACE:
        yield f"{percent:g} % {name} is above {row.limit[0]:g} % ({row.limit[1]})"
    if row.min and percent < row.min:
        yield f"{percent:g} % {name} is below {row.min:g} %"
    if row.medicine and row.medicine[0] == "prescription":
        yield f"{name} is a prescription medicine"


def _dumped(row: _IngredientRow) -> dict[str, Any]:
    return row.model_dump(exclude_defaults=True)


INTEGERS = (
    *("brand", "category", "vehicle", "price", "spf", "skin", "helps", "irritancy", "pregnancy"),
    *("medicine", "strength", "label", "shade", "finish", "origin", "treats", "tinted", "mineral"),
    *("active", "active_end", "inci", "inci_end"),
)


class _Names(dict[str, int]):
    """Names numbered in the order they are first asked for."""

    def __missing__(self, name: str) -> int:
        self[name] = len(self)
        return self[name]


@dataclass
class _Columns:
    """Products as they are added, one after the other, in columns."""

    known: Ingredients
    categories: _Names
    rinsed: frozenset[str] = frozenset()  # categories, of what comes without a vehicle
    brands: _Names = field(default_factory=_Names)
    origins: _Names = field(default_factory=_Names)
    finishes: _Names = field(default_factory=_Names)
    labels: _Names = field(default_factory=_Names)  # normal form of what nobody described
    label_texts: list[str] = field(default_factory=list)  # as first seen on a label
    ids: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    integers: dict[str, array[int]] = field(
        default_factory=lambda: {name: array("q") for name in INTEGERS}
    )
    percent: array[float] = field(default_factory=lambda: array("f"))

    def __post_init__(self) -> None:
        self._number = {row.id: n for n, row in enumerate(self.known.all)}
        self._of_label: dict[str, tuple[int, Ingredient | None]] = {}

    def add(
        self,
        id_: str,
        name: str,
        *,
        category: str,
        parts: Parts,
        everything: Sequence[Ingredient],
        order: Sequence[int] | None = None,
        rinse_off: bool,
        skin: Iterable[SkinType],
        vehicle: int = -1,
        brand: str | None = None,
        price: PriceBand | None = None,
        spf: int | None = None,
        pregnancy: PregnancyAdvice = "ok",
        medicine: str | None = None,
        label: int = FULL_LABEL,
        shade: str | None = None,
        finish: str | None = None,
        origin: str | None = None,
    ) -> None:
        """parts: what it is bought for; everything: all known in it; order: all of it, numbered."""
        helps = helps_of(parts, rinse_off=rinse_off, unstated=label == NO_PERCENTAGES)
        strengths = (
            round(100 * p / i.ceiling) for i, p in parts if p and i.ceiling and i.role == "active"
        )
        families = [i.families for i, _ in parts]
        filters = {f for of in families for f in of & {"mineral_filter", "organic_filter"}}
        numbers = {
            "brand": -1 if brand is None else self.brands[brand],
            "category": self.categories[category],
            "vehicle": vehicle,
            "price": -1 if price is None else PRICE_BANDS.index(price),
            "spf": spf or 0,
            "skin": sum(1 << SKIN_TYPES.index(t) for t in set(skin)),
            "helps": pack_helps(helps),
            "irritancy": irritancy_of(everything, rinse_off=rinse_off),
            "pregnancy": PREGNANCY.index(gravest_pregnancy(everything, pregnancy)),
            "medicine": MEDICINE.index(gravest_medicine(everything, medicine)),
            "strength": max(strengths, default=0),
            "label": label,
            "shade": -1 if shade is None else int(shade[1:], 16),
            "finish": -1 if finish is None else self.finishes[finish],
            "origin": -1 if origin is None else self.origins[origin],
            "treats": int(any(i.role == "active" for i, _ in parts)),
            "tinted": int(any("tint" in of for of in families)),
            "mineral": int(filters == {"mineral_filter"}),
        }
        self.ids.append(id_)
        self.names.append(name)
        for column, number in numbers.items():
            self.integers[column].append(number)
        self.integers["active"].extend(self._number[i.id] for i, _ in parts)
        self.percent.extend(percent or 0.0 for _, percent in parts)
        self.integers["active_end"].append(len(self.integers["active"]))
        inci = [self._number[i.id] for i in everything] if order is None else order
        self.integers["inci"].extend(inci)
        self.integers["inci_end"].append(len(self.integers["inci"]))

    def add_imported(self, product: Product, sources: Mapping[str, object]) -> None:
        """What its label says, with what is known of what is on it."""
        named = [self._on_label(name) for name in product.inci]
        percents = {
            found: active.percent
            for active in product.actives
            if (found := self._on_label(active.inci)[1]) is not None
        }
        everything = [*dict.fromkeys([i for _, i in named if i is not None] + list(percents))]
        parts = bought_for({i: percents.get(i) for i in everything})
        numbers = [n for n, _ in named] + [self._number[i.id] for i in percents]
        label = NO_LABEL
        if numbers:
            label = NO_PERCENTAGES if is_unstated(parts) else FULL_LABEL
        origin = next((source for source in product.sources if source in sources), None)
        self.add(
            product.product_id,
            product.name,
            category=product.category,
            parts=parts,
            everything=everything,
            order=list(dict.fromkeys(numbers)),
            rinse_off=product.category in self.rinsed,
            skin=product.skin_types,
            brand=product.brand,
            price=product.price_band,
            spf=product.spf,
            pregnancy=product.pregnancy_caution,
            medicine=product.medicine,
            label=label,
            shade=product.shade,
            finish=product.finish,
            origin=origin,
        )

    def _on_label(self, name: str) -> tuple[int, Ingredient | None]:
        if name not in self._of_label:
            found = self.known.find_label(name)
            if found:
                number = self._number[found.id]
            else:
                number = len(self.known.all) + self.labels[normal(name)]
                if len(self.labels) > len(self.label_texts):
                    self.label_texts.append(name)
            self._of_label[name] = number, found
        return self._of_label[name]

    def columns(self) -> dict[str, Any]:
        order = sorted(range(len(self.ids)), key=self.ids.__getitem__)
        return {
            "id": Texts.of(self.ids),
            "name": Texts.of(self.names),
            "by_id": smallest(order),
            "percent": np.frombuffer(self.percent, dtype=np.float32).round(6),
            **{name: smallest(values) for name, values in self.integers.items()},
        }


def _content(
    sources: Mapping[str, _SourceRow],
    ingredients: Mapping[str, _IngredientRow],
    vehicles: Mapping[str, _VehicleRow],
    rules: _Rules,
    *,
    products: Sequence[_ProductRow],
    imported: Iterable[Product],
) -> dict[str, Any]:
    # The snapshot is written with sorted keys, so that is the order rows are numbered in.
    ids = sorted(ingredients)
    kinds = sorted(vehicles)
    dumped = {id_: _dumped(ingredients[id_]) for id_ in ids}
    known = {id_: Ingredient.of(id_, dumped[id_]) for id_ in ids}
    categories = _Names()
    for category in sorted({row.category for row in vehicles.values()}):
        categories[category]
    rinsed = rinsed_categories((row.category, row.rinse_off) for row in vehicles.values())
    columns = _Columns(Ingredients(known.values(), (), ()), categories, rinsed)
    for product in products:
        vehicle = vehicles[product.vehicle]
        parts = [(known[name], percent) for name, percent in product.actives]
        base = [known[part] for part in vehicle.base]
        everything = list(dict.fromkeys([*base[:1], *(i for i, _ in parts), *base[1:]]))
        gentle = not irritancy_of(everything, rinse_off=vehicle.rinse_off)
        columns.add(
            product.id,
            product.name,
            category=vehicle.category,
            parts=parts,
            everything=everything,
            rinse_off=vehicle.rinse_off,
            skin=(*vehicle.skin, *(("sensitive",) if gentle else ())),
            vehicle=kinds.index(product.vehicle),
            price=product.price,
            spf=product.spf,
        )
    for one in imported:
        columns.add_imported(one, sources)
    repeated = _repeated(columns.ids)
    if repeated:
        raise CatalogueError([f"imported: the id {id_!r} is used twice" for id_ in repeated])
    return {
        "sources": {k: v.model_dump(exclude_none=True) for k, v in sources.items()},
        "ingredients": dumped,
        "vehicles": {
            k: vehicles[k].model_dump(include={"category", "weight", "rinse_off", "opened_months"})
            for k in kinds
        },
        "rules": rules.model_dump(exclude_none=True),
        "categories": list(categories),
        "brands": Texts.of(columns.brands),
        "origins": list(columns.origins),
        "finishes": list(columns.finishes),
        "labels": Texts.of(columns.label_texts),
        "products": columns.columns(),
    }


def _repeated(ids: Iterable[str], most: int = 20) -> list[str]:
    seen: set[str] = set()
    return [id_ for id_ in ids if id_ in seen or seen.add(id_)][:most]  # type: ignore[func-returns-value]


def pack_helps(helps: Mapping[str, int]) -> int:
    """Two bits a goal, in the order of GOALS."""
    return sum(grade << (2 * GOALS.index(goal)) for goal, grade in helps.items())


def _first(error: ValidationError) -> str:
    detail = error.errors()[0]
    return f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}"
