"""Whether the catalogue's sources add up: every claim has its source, every formula its limits."""

from collections.abc import Iterable, Mapping, Sequence

from facet.catalogue.refused import folded
from facet.catalogue.sources import (
    FamiliesFile,
    IngredientRow,
    LabelRules,
    ProductRow,
    RefusedGroup,
    Rules,
    SourceRow,
    VehicleRow,
)
from facet.catalogue.words import fold, normal

# Shorter ones begin or end too many words; a letter of another script is a syllable or a word.
SHORTEST = {"stem": 5, "ending": 4}

OWN = "facet"  # our own judgement: may pace and place, never claim an effect
TRACE = 1.001  # rounding room on a legal ceiling


def check_ingredients(
    ingredients: Mapping[str, IngredientRow], sources: Mapping[str, SourceRow]
) -> Iterable[str]:
    """What is wrong with the rows of ingredients.toml, in sentences."""
    owner: dict[str, str] = {}
    for id_, row in ingredients.items():
        for name in {normal(n) for n in (row.inci, *row.also)}:
            if owner.setdefault(name, id_) != id_:
                yield f"ingredients.toml [{id_}]: the name {name!r} is also {owner[name]}'s"
        for goal, claim in row.helps.items():
            if _is_own(claim[2], sources):
                yield f"ingredients.toml [{id_}]: {goal} needs a publication, not our judgement"
        if row.pregnancy and row.pregnancy[0] == "ok" and _is_own(row.pregnancy[1], sources):
            yield f"ingredients.toml [{id_}]: fine in pregnancy needs a publication"
        for source in _cited(row):
            if source not in sources:
                yield f"ingredients.toml [{id_}]: unknown source {source!r}"
        if row.role == "base" and row.helps:
            yield f"ingredients.toml [{id_}]: a base ingredient claims to help"


def _is_own(source: str, sources: Mapping[str, SourceRow]) -> bool:
    return source == OWN or (source in sources and sources[source].seen == "own")


def _cited(row: IngredientRow) -> list[str]:
    facts = (row.use, row.limit, row.rinse_off_limit, row.pregnancy, row.medicine, row.caution)
    return [source for claim in row.helps.values() for source in claim[2:]] + [
        fact[-1] for fact in facts if fact
    ]


def check_vehicles(
    vehicles: Mapping[str, VehicleRow],
    ingredients: Mapping[str, IngredientRow],
    sources: Mapping[str, SourceRow],
) -> Iterable[str]:
    """What is wrong with the rows of vehicles.toml, in sentences."""
    for id_, row in vehicles.items():
        if row.source not in sources:
            yield f"vehicles.toml [{id_}]: unknown source {row.source!r}"
        for part in row.base:
            if part not in ingredients:
                yield f"vehicles.toml [{id_}]: unknown ingredient {part!r}"


def check_rules(
    rules: Rules,
    ingredients: Mapping[str, IngredientRow],
    sources: Mapping[str, SourceRow],
) -> Iterable[str]:
    """What is wrong with rules.toml, in sentences."""
    tags = set(ingredients) | {family for row in ingredients.values() for family in row.family}
    spoken_of = [tag for pair in rules.pair for tag in (pair.a, pair.b)]
    spoken_of += [row.family for row in rules.single]
    spoken_of += [row.family for row in rules.place]
    spoken_of += [row.family for row in rules.pace]
    spoken_of += [row.family for row in rules.sun.needed_by]
    spoken_of += [row.family for row in rules.provokes]
    spoken_of += [row.ingredient for row in rules.medicine_above]
    spoken_of += [row.ingredient for row in rules.first_choice]
    spoken_of += [family for row in rules.advice for family in row.families]
    spoken_of += [*rules.texture.dry_spared, *(row.tag for row in rules.wait)]
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
    cited += [row.source for row in rules.medicine_above]
    cited += [row.source for row in rules.provokes]
    cited += [row.source for row in rules.first_choice]
    cited += [row.source for row in rules.wait]
    cited += [row.source for row in rules.advice]
    cited += [rules.load.points_source, rules.load.evenings_source, rules.load.sensitive_source]
    cited += [rules.peel.source, rules.texture.source]
    cited += [rules.doctor.pregnancy_source, rules.doctor.prescription_source]
    cited += [rules.routine.source, rules.sun.source, rules.tone.source]
    cited += [row.source for row in rules.sun.needed_by]
    cited += [rules.age.source, *(row.source for row in rules.age.not_for)]
    cited += [rules.introduce.source, rules.actives.source, rules.needs.source]
    for source in cited:
        if source not in sources:
            yield f"rules.toml: unknown source {source!r}"


def check_refused(
    groups: Mapping[str, RefusedGroup], sources: Mapping[str, SourceRow]
) -> Iterable[str]:
    """What is wrong with the tables of refused.toml, in sentences."""
    for id_, group in groups.items():
        at = f"refused.toml [{id_}]"
        if group.source not in sources:
            yield f"{at}: unknown source {group.source!r}"
        if group.counts == "anywhere" and group.from_percent is not None:
            yield f"{at}: `from` says nothing of what counts anywhere"
        for name in {*group.over_the_counter} - {*group.names, *group.brands}:
            yield f"{at}: over the counter is {name!r}, which it does not name"
        for name in (name for names in group.names.values() for name in names):
            if not folded(name):
                yield f"{at}: {name!r} holds no word"
            elif name.isascii() and len(folded(name)) < SHORTEST.get(group.match, 0):
                yield f"{at}: {name!r} is too short for a match by {group.match}"


def check_families(
    families: FamiliesFile,
    ingredients: Mapping[str, IngredientRow],
    sources: Mapping[str, SourceRow],
) -> Iterable[str]:
    """What is wrong with families.toml, in sentences."""
    tags = set(ingredients) | {family for row in ingredients.values() for family in row.family}
    owner: dict[str, str] = {}
    for id_, row in families.family.items():
        at = f"families.toml [{id_}]"
        for name in {" ".join(fold(n)) for names in row.called.values() for n in names}:
            if owner.setdefault(name, id_) != id_:
                yield f"{at}: {name!r} is also what {owner[name]} is called"
        named = (
            ("family", (*row.includes, *row.also_warn, *row.choices), set(families.family)),
            ("family or ingredient", row.tags, tags),
            ("source", row.sources, set(sources)),
        )
        for what, ids, known in named:
            yield from (f"{at}: unknown {what} {other!r}" for other in ids if other not in known)
        if row.in_cosmetics and not (row.inci or row.includes or row.tags):
            yield f"{at}: nothing on a label belongs to it"


def check_labels(
    rules: LabelRules, ingredients: Mapping[str, IngredientRow], sources: Mapping[str, SourceRow]
) -> Iterable[str]:
    """What is wrong with labels.toml, in sentences."""
    cited = [rules.one_percent.source, rules.one_percent.usual_source, rules.trace.source]
    cited += [rules.gaps.source, rules.like_medicine.source]
    cited += [rules.called.source, rules.colours.source]
    cited += [rules.plants.source, rules.said_beside.source]
    for source in cited:
        if source not in sources:
            yield f"labels.toml: unknown source {source!r}"
    families = {family for row in ingredients.values() for family in row.family}
    for family in (*rules.trace.works_below, *rules.trace.sets_acidity):
        if family not in families:
            yield f"labels.toml: no ingredient is of the family {family!r}"
    names = (*rules.one_percent.limited, *rules.one_percent.usual, *rules.called.names)
    for name in (*names, *rules.plants.english, *rules.plants.latin):
        if name != normal(name):
            yield f"labels.toml: {name!r} is compared in normal form: {normal(name)!r}"


def check_products(
    products: Sequence[ProductRow],
    ingredients: Mapping[str, IngredientRow],
    vehicles: Mapping[str, VehicleRow],
    rules: Rules,
) -> Iterable[str]:
    """What is wrong with the rows of products.csv, in sentences."""
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
        vehicle = vehicles[product.vehicle]
        found = check_formula(product.actives, ingredients, rinse_off=vehicle.rinse_off)
        yield from (f"{at}: {problem}" for problem in found)
        sunscreen = vehicle.category == "sunscreen"
        filtered = any(ingredients[name].role == "filter" for name, _ in product.actives)
        if sunscreen and not (product.spf and product.spf >= rules.sun.spf and filtered):
            yield f"{at}: a sunscreen needs a UV filter and SPF {rules.sun.spf} or more"
        if not sunscreen and product.spf:
            yield f"{at}: an SPF on something that is no sunscreen"


def check_formula(
    actives: Iterable[tuple[str, float | None]],
    ingredients: Mapping[str, IngredientRow],
    *,
    rinse_off: bool,
) -> Iterable[str]:
    """What is wrong with a formula, in sentences: each ingredient by itself, then their sums."""
    stated: list[tuple[IngredientRow, float]] = []
    for name, percent in actives:
        row = ingredients[name]
        if percent is not None:
            stated.append((row, percent))
            yield from _check_part(name, row, percent, rinse_off)
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


def _check_part(name: str, row: IngredientRow, percent: float, rinse_off: bool) -> Iterable[str]:
    """What is wrong with one ingredient at this concentration."""
    limit = (row.rinse_off_limit if rinse_off else None) or row.limit
    if limit and not row.re_factor and percent > limit[0] * TRACE:
        yield f"{percent:g} % {name} is above {limit[0]:g} % ({limit[1]})"
    if row.min and percent < row.min:
        yield f"{percent:g} % {name} is below {row.min:g} %"
    if row.medicine and row.medicine[0] == "prescription":
        yield f"{name} is a prescription medicine"
