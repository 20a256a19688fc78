"""Builds the catalogue snapshot from data/skincare and what was imported beside it.

ingredients.toml holds what is known, formula.toml what else formulas are made of, kinds.toml what
holds of a kind of ingredient, a product only what it is made of; concerns, cautions, sessions and
pregnancy advice follow from the ingredients, so a claim has one place and one source.
Our own rows are refused where they do not add up; an imported product whose stated concentrations
pass a legal ceiling is left out and named.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from facet.catalogue.catalogue import (
    Catalogue,
)
from facet.catalogue.checks import (
    check_families,
    check_formula,
    check_ingredients,
    check_labels,
    check_products,
    check_refused,
    check_rules,
    check_vehicles,
)
from facet.catalogue.columns import Columns, Names
from facet.catalogue.evidence import (
    irritancy_of,
    rinsed_categories,
)
from facet.catalogue.family import families_table
from facet.catalogue.files import written
from facet.catalogue.index import index_columns
from facet.catalogue.ingredients import Ingredient, Ingredients
from facet.catalogue.recognised import Recognised, read_recognised
from facet.catalogue.snapshot import JSON_UP_TO, Texts, pack
from facet.catalogue.sources import (
    CatalogueError,
    FamiliesFile,
    IngredientRow,
    KindRow,
    LabelRules,
    ProductRow,
    RefusedGroup,
    Rules,
    SourceRow,
    VehicleRow,
    first_error,
    read_products,
    read_toml,
)
from facet.catalogue.words import category_called
from facet.domain.products import (
    Product,
)


def build_catalogue(data_dir: Path, imported: Iterable[Product] = ()) -> bytes:
    """Snapshot bytes from a folder with sources.toml, kinds.toml, ingredients.toml, formula.toml,
    recognised.tsv, labels.toml, vehicles.toml, rules.toml, families.toml, refused.toml and
    products.csv (data/skincare), and from products as `facet catalog import` writes them.

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
        for key, row in read_toml(data_dir / name).items():
            try:
                rows[key] = shape.model_validate(row)
            except ValidationError as error:
                problems.append(f"{name} [{key}]: {first_error(error)}")
        return rows

    sources = table("sources.toml", SourceRow)
    kinds = table("kinds.toml", KindRow)
    known = table("ingredients.toml", IngredientRow)
    formula = table("formula.toml", IngredientRow)
    problems += [
        f"formula.toml [{id_}]: also in ingredients.toml" for id_ in known.keys() & formula
    ]
    ingredients = dict(_of_kinds(known | formula, kinds, problems))
    vehicles = table("vehicles.toml", VehicleRow)
    refused = table("refused.toml", RefusedGroup)
    products = list(read_products(data_dir / "products.csv", problems))
    try:
        rules = Rules.model_validate(read_toml(data_dir / "rules.toml"))
        label_rules = LabelRules.model_validate(read_toml(data_dir / "labels.toml"))
    except ValidationError as error:
        raise CatalogueError([*problems, f"{error.title}: {first_error(error)}"]) from error

    families = _families(data_dir, problems)
    problems += check_ingredients(ingredients, sources)
    problems += check_vehicles(vehicles, ingredients, sources)
    problems += check_rules(rules, ingredients, sources)
    problems += check_refused(refused, sources)
    problems += check_families(families, ingredients, sources)
    problems += check_labels(label_rules, ingredients, sources)
    problems += check_products(products, ingredients, vehicles, rules)
    if problems:
        raise CatalogueError(problems)
    left_out: list[str] = []
    dumped = {id_: _dumped(ingredients[id_]) for id_ in sorted(ingredients)}
    labels = {
        "recognised": read_recognised(data_dir / "recognised.tsv"),
        "label_rules": label_rules.model_dump(),
        "refused": {
            k: v.model_dump(mode="json", by_alias=True, exclude_defaults=True)
            for k, v in refused.items()
        },
    }
    by_name = Ingredients(
        [Ingredient.of(id_, row) for id_, row in dumped.items()],
        recognised=Recognised.of(labels["recognised"]),
        label_rules=labels["label_rules"],
        refused=labels["refused"],
    )
    content = labels | _content(
        sources,
        by_name,
        vehicles,
        rules,
        families,
        products=products,
        imported=_within_limits(imported, by_name, ingredients, _rinsed(vehicles), left_out),
        left_out=left_out,
    )
    content["ingredients"] = dumped
    if len(content["products"]["id"]) > JSON_UP_TO:
        content["index"] = index_columns(Catalogue(content, version=""))
    return pack(content), left_out


def _families(data_dir: Path, problems: list[str]) -> FamiliesFile:
    """families.toml; what is wrong with it is added to `problems`."""
    try:
        return FamiliesFile.model_validate(read_toml(data_dir / "families.toml"))
    except ValidationError as error:
        raise CatalogueError([*problems, f"families.toml: {first_error(error)}"]) from error


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
                    at = f"{path.name} line {number}: {first_error(error)}; import it again"
                    raise CatalogueError([at]) from error


def _of_kinds(
    rows: Mapping[str, IngredientRow], kinds: Mapping[str, KindRow], problems: list[str]
) -> Iterator[tuple[str, IngredientRow]]:
    """Each row with what holds of its kind."""
    for id_, row in rows.items():
        kind = kinds.get(row.kind or "")
        if row.kind and not kind:
            problems.append(f"[{id_}]: unknown kind {row.kind!r}")
        yield id_, row.of_kind(kind) if kind else row


def _rinsed(vehicles: Mapping[str, VehicleRow]) -> frozenset[str]:
    return rinsed_categories((row.category, row.rinse_off) for row in vehicles.values())


def _within_limits(
    imported: Iterable[Product],
    by_name: Ingredients,
    ingredients: Mapping[str, IngredientRow],
    rinsed: frozenset[str],
    left_out: list[str],
) -> Iterator[Product]:
    for product in imported:
        stated = [
            (ingredient.id, active.percent)
            for active in product.actives
            if active.percent is not None and (ingredient := by_name.find_label(active.inci))
        ]
        rinse_off = product.category in rinsed
        why = next(iter(check_formula(stated, ingredients, rinse_off=rinse_off)), None)
        if why is None:
            yield product
        else:
            left_out.append(f"{product.product_id}: {why}")


def _treating(rules: Rules) -> frozenset[str]:
    steps = rules.routine.step_of.items()
    return frozenset(category for category, step in steps if step == "treat")


def _dumped(row: IngredientRow) -> dict[str, Any]:
    # What an ingredient is there for is for people who read these files; no advice asks for it yet.
    return row.model_dump(exclude_defaults=True, exclude={"kind", "use"})


def _content(
    sources: Mapping[str, SourceRow],
    ingredients: Ingredients,
    vehicles: Mapping[str, VehicleRow],
    rules: Rules,
    families: FamiliesFile,
    *,
    products: Sequence[ProductRow],
    imported: Iterable[Product],
    left_out: list[str],
) -> dict[str, Any]:
    # The snapshot is written with sorted keys, so that is the order rows are numbered in.
    kinds = sorted(vehicles)
    described = ingredients.by_id
    categories = Names()
    for category in sorted({row.category for row in vehicles.values()}):
        categories[category]
    columns = Columns(ingredients, categories, _rinsed(vehicles), _treating(rules))
    for product in products:
        vehicle = vehicles[product.vehicle]
        parts = [(described[name], percent) for name, percent in product.actives]
        base = [described[part] for part in vehicle.base]
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
    for entry in imported:
        category = category_called(entry.category, rules.routine.called)
        sold = entry.model_copy(update={"category": category})
        if refused := columns.add_imported(sold, sources):
            left_out.append(f"{entry.product_id}: holds {refused.name} ({refused.kind})")
    repeated = _repeated(columns.ids)
    if repeated:
        raise CatalogueError([f"imported: the id {id_!r} is used twice" for id_ in repeated])
    return {
        "sources": {k: v.model_dump(exclude_none=True) for k, v in sources.items()},
        "vehicles": {
            k: vehicles[k].model_dump(include={"category", "weight", "rinse_off", "opened_months"})
            for k in kinds
        },
        "rules": rules.model_dump(exclude_none=True),
        "families": families_table(
            {
                id_: row.model_dump(by_alias=True, exclude_defaults=True)
                for id_, row in families.family.items()
            },
            families.typed.model_dump(),
        ),
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
