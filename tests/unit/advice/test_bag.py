"""What is owned: the same product however its owner tells it."""

import random
from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest

from facet.advice.answer import Notes
from facet.advice.owned import is_expired
from facet.advice.skincare.shelf import item_of
from facet.catalogue.build import build_catalogue
from facet.catalogue.catalogue import Catalogue, Item
from facet.domain.products import BagItem, Product
from tests.unit.conftest import DATA


def shelved(catalogue: Catalogue, entry: BagItem) -> Item | None:
    """What the shelf makes of one entry, before anybody asks whether it may be used."""
    product = catalogue.product(entry.product_id) if entry.product_id else None
    return item_of(entry, product, catalogue, Notes())


def told(product: Product, name: str) -> BagItem:
    """A product as somebody copies it from its pack."""
    stated = {active.inci: active.percent for active in product.actives if active.percent}
    return BagItem(
        item_id="x",
        name=name,
        category=product.category,
        ingredients=tuple(f"{i} {stated[i]:g} %" if i in stated else i for i in product.inci),
        spf=product.spf,
    )


def told_both_ways(catalogue: Catalogue, name: str | None = None) -> Iterator[tuple[Item, Item]]:
    """(by id, by label) of every product with a place in a routine."""
    for product in catalogue:
        by_label = shelved(catalogue, told(product, name or product.name))
        by_id = shelved(catalogue, BagItem(item_id="x", product_id=product.product_id))
        assert (by_id is None) == (by_label is None)
        if by_id and by_label:
            yield by_id, by_label


def judged(item: Item) -> dict[str, object]:
    """What advice is given by, as far as a label tells it."""
    fields = ("category", "step", "helps", "irritancy", "rinse_off", "treats", "tags", "sessions")
    facts = (*fields, "pregnancy", "medicine", "spf", "tinted")
    return {field: getattr(item, field) for field in facts}


@pytest.mark.parametrize("name", ["My product", None])
def test_a_product_told_by_its_label_is_the_one_told_by_its_id(
    catalogue: Catalogue, name: str | None
) -> None:
    pairs = list(told_both_ways(catalogue, name))

    assert len(pairs) == 199
    for by_id, by_label in pairs:
        assert judged(by_label) == judged(by_id), by_id.name


@pytest.mark.parametrize(
    "written",
    [
        lambda label: (", ".join(["Aqua (Water)", *label]),),
        lambda label: ("Water/Aqua/Eau", *(f"{name} [INCI]" for name in label)),
        lambda label: (" • ".join(label).replace(" %", "%"),),
        lambda label: tuple(name.replace(" %", " percent w/w") for name in label),
        lambda label: (*(name.partition(" %")[0].rstrip("0123456789. ") for name in label), *label),
    ],
    ids=["one piece", "other names beside", "dots between", "strength in words", "told twice"],
)
def test_a_label_is_the_same_label_however_it_is_written(
    catalogue: Catalogue, written: Callable[[tuple[str, ...]], tuple[str, ...]]
) -> None:
    for product in catalogue:
        plain = told(product, "My product")
        other = plain.model_copy(update={"ingredients": written(plain.ingredients)})
        before, after = shelved(catalogue, plain), shelved(catalogue, other)
        if before and after:
            assert (after.helps, after.irritancy) == (before.helps, before.irritancy), product.name


def imported(rng: random.Random, catalogue: Catalogue) -> Iterator[Product]:
    names = [row.inci for row in catalogue.ingredients.all] + ["Moonstone Extract"]
    for number in range(200):
        inci = rng.sample(names, rng.choice([1, 3, 12]))
        stated = [name for name in inci if rng.random() < rng.choice([0, 0.5, 1])]
        yield Product.model_validate(
            {
                "product_id": f"imported-{number}",
                "name": "Theirs",
                "category": rng.choice(["cleanser", "serum", "moisturiser", "rinse_off_peel"]),
                "inci": inci,
                "actives": [
                    {"inci": name, "name": name, "percent": rng.choice([0.01, 0.1, 1, 5])}
                    for name in stated
                ],
            }
        )


def test_so_is_an_imported_one_whatever_its_label_keeps_to_itself(catalogue: Catalogue) -> None:
    rng = random.Random(7)  # noqa: S311
    shop = Catalogue.load(build_catalogue(DATA, imported(rng, catalogue)))

    theirs = [
        pair for pair in told_both_ways(shop, "Mine") if "imported" in str(pair[0].product_id)
    ]

    assert len(theirs) > 100
    for by_id, by_label in theirs:
        assert judged(by_label) == judged(by_id), by_id.product_id


def test_a_peroxide_wash_told_by_its_label_is_as_gentle_and_as_weak_as_it_is(
    catalogue: Catalogue,
) -> None:
    wash = BagItem(
        item_id="x",
        name="Benzoyl peroxide foam wash 4 %",
        category="cleanser",
        ingredients=("Aqua", "Benzoyl Peroxide 4 %", "Glycerin"),
    )

    item = shelved(catalogue, wash)

    assert item is not None
    assert item.helps == {"blemishes": 1, "shine": 1}
    assert item.irritancy == 2


def test_a_name_says_loosely_what_the_label_says_exactly(catalogue: Catalogue) -> None:
    cream = {"item_id": "x", "name": "Vitamin C retinol cream", "category": "serum"}
    label = ("Aqua", "Ascorbyl Glucoside")

    named = shelved(catalogue, BagItem.model_validate(cream))
    labelled = shelved(catalogue, BagItem.model_validate({**cream, "ingredients": label}))

    assert named is not None
    assert labelled is not None
    assert {"ascorbic-acid", "retinol"} <= named.ingredients
    assert "ascorbic-acid" not in labelled.ingredients
    assert "retinol" in labelled.ingredients, "what no label explains is believed"


@pytest.mark.parametrize("category", ["rinse-off peel", "Rinse off peel", "peeling mask"])
def test_a_peel_that_is_rinsed_off_is_known_by_what_it_is_called(
    catalogue: Catalogue, category: str
) -> None:
    label = ("Aqua", "Glycolic Acid 7 %")
    peel = BagItem(item_id="x", name="Glow", category=category, ingredients=label)

    item = shelved(catalogue, peel)

    assert item is not None
    assert item.rinse_off
    assert max(item.helps.values()) == 1


@pytest.mark.parametrize(
    ("name", "actives"),
    [
        ("Retinol 0.5 % serum", {"retinol": 0.5}),
        ("Retinol serum", {"retinol": None}),
        ("Retinol niacinamide 5 % serum", {"retinol": None, "niacinamide": None}),
    ],
)
def test_a_strength_in_a_name_is_that_of_the_one_active_it_names(
    catalogue: Catalogue, name: str, actives: dict[str, float | None]
) -> None:
    item = shelved(catalogue, BagItem(item_id="x", name=name, category="serum"))

    assert item is not None
    assert item.actives == actives


@pytest.mark.parametrize(("months", "last_day"), [(6, 182), (12, 365), (24, 730)])
def test_a_product_expires_the_day_after_its_months_are_over(months: int, last_day: int) -> None:
    opened = date(2026, 1, 1)
    entry = BagItem(item_id="x", name="Mine", category="serum", opened=opened)

    assert not is_expired(entry, months, opened + timedelta(days=last_day))
    assert is_expired(entry, months, opened + timedelta(days=last_day + 1))


def test_what_has_no_date_does_not_expire() -> None:
    sealed = BagItem(item_id="x", name="Mine", category="serum")
    opened = BagItem(item_id="x", name="Mine", category="serum", opened=date(2020, 1, 1))

    assert not is_expired(sealed, 1, date(2026, 1, 1))
    assert not is_expired(opened, 1, None)
