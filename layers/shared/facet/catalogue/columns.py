"""Products in columns, as the snapshot keeps them."""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from facet.catalogue.catalogue import (
    GOALS,
    PRICE_BANDS,
    SKIN_TYPES,
)
from facet.catalogue.evidence import (
    Parts,
    bought_for,
    helps_of,
    irritancy_of,
    is_unstated,
)
from facet.catalogue.ingredients import Ingredient, Ingredients
from facet.catalogue.snapshot import Texts, smallest
from facet.catalogue.suitable import (
    FULL_LABEL,
    MEDICINE,
    NO_LABEL,
    NO_PERCENTAGES,
    PREGNANCY,
    gravest_medicine,
    gravest_pregnancy,
)
from facet.catalogue.words import normal, says_something
from facet.domain.products import (
    PregnancyAdvice,
    PriceBand,
    Product,
    SkinType,
)

INTEGERS = (
    *("brand", "category", "vehicle", "price", "spf", "skin", "helps", "irritancy", "pregnancy"),
    *("medicine", "strength", "label", "shade", "finish", "origin", "treats", "tinted", "mineral"),
    *("active", "active_end", "inci", "inci_end"),
)


class Names(dict[str, int]):
    """Names numbered in the order they are first asked for."""

    def __missing__(self, name: str) -> int:
        self[name] = len(self)
        return self[name]


@dataclass
class Columns:
    """Products as they are added, one after the other, in columns."""

    ingredients: Ingredients
    categories: Names
    rinsed: frozenset[str] = frozenset()  # categories, of what comes without a vehicle
    brands: Names = field(default_factory=Names)
    origins: Names = field(default_factory=Names)
    finishes: Names = field(default_factory=Names)
    labels: Names = field(default_factory=Names)  # normal form of what nobody described
    label_texts: list[str] = field(default_factory=list)  # as first seen on a label
    ids: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    integers: dict[str, array[int]] = field(
        default_factory=lambda: {name: array("q") for name in INTEGERS}
    )
    percent: array[float] = field(default_factory=lambda: array("f"))

    def __post_init__(self) -> None:
        self._number = {row.id: n for n, row in enumerate(self.ingredients.all)}
        self._of_label: dict[str, list[tuple[int, Ingredient | None]]] = {}

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
        """Add a product.

        parts: what it is bought for; everything: all known ingredients in it; order: the numbers
        of all its ingredients.
        """
        helps = helps_of(parts, rinse_off=rinse_off, unstated=label == NO_PERCENTAGES)
        strengths = (
            round(100 * p / ceiling)
            for i, p in parts
            if p and i.role == "active" and (ceiling := i.ceiling_of(rinse_off=rinse_off))
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
            "tinted": int(any("tint" in i.families for i in everything)),
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
        """Add an imported product: what its label says, with what is known of its ingredients."""
        label_names = filter(says_something, product.inci)
        named = [row for name in label_names for row in self._on_label(name)]
        percents = {
            ingredient: active.percent
            for active in product.actives
            for _, ingredient in self._on_label(active.inci)[:1]
            if ingredient is not None
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

    def _on_label(self, name: str) -> list[tuple[int, Ingredient | None]]:
        """Number and ingredient of all that an entry names; its own text where it is none."""
        if name not in self._of_label:
            rows: list[tuple[int, Ingredient | None]] = [
                (self._number[row.id], row) for row in self.ingredients.on_label(name)
            ]
            if self.ingredients.find_label(name) is None:
                number = len(self.ingredients.all) + self.labels[normal(name)]
                if len(self.labels) > len(self.label_texts):
                    self.label_texts.append(name)
                rows.insert(0, (number, None))
            self._of_label[name] = rows
        return self._of_label[name]

    def columns(self) -> dict[str, Any]:
        """Every column by its name, as the snapshot has them."""
        order = sorted(range(len(self.ids)), key=self.ids.__getitem__)
        return {
            "id": Texts.of(self.ids),
            "name": Texts.of(self.names),
            "by_id": smallest(order),
            "percent": np.frombuffer(self.percent, dtype=np.float32).round(6),
            **{name: smallest(values) for name, values in self.integers.items()},
        }


def pack_helps(helps: Mapping[str, int]) -> int:
    """Goal -> grade 0..3, in one number: two bits a goal, in the order of GOALS."""
    return sum(grade << (2 * GOALS.index(goal)) for goal, grade in helps.items())
