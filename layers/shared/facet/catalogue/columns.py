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
    TraceRule,
    bought_for,
    counting,
    helps_of,
    irritancy_of,
    is_unstated,
)
from facet.catalogue.ingredients import Ingredient, Ingredients, read_spf
from facet.catalogue.labels import Entry, Label
from facet.catalogue.refused import RefusedRow
from facet.catalogue.snapshot import Texts, smallest
from facet.catalogue.suitable import (
    FULL_LABEL,
    MEDICINE,
    NO_LABEL,
    NO_PERCENTAGES,
    PREGNANCY,
    gravest_medicine,
    gravest_pregnancy,
    printed_on,
    refused_in,
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
    *("active", "active_end", "inci", "inci_end", "known", "gaps"),
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
    treating: frozenset[str] = frozenset()  # categories of the step that treats
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
        self._of_entry: dict[str, list[int]] = {}
        self._suspicious: dict[str, bool] = {}  # entry -> whether it may name what is refused
        self._gaps = self.ingredients.reader.rules["gaps"]
        self._trace_rule = TraceRule.of(self.ingredients.reader.rules)

    def add(
        self,
        id_: str,
        name: str,
        *,
        category: str,
        parts: Parts,
        everything: Sequence[Ingredient],
        counted: Sequence[Ingredient] | None = None,
        order: Sequence[int] | None = None,
        printed: Label | None = None,
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

        parts: what it is bought for; everything: all known ingredients in it; counted: those that
        are more than a trace, None for all; order: the numbers of all its ingredients; printed: its
        label, None where we know all that is in it.
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
            "irritancy": irritancy_of(
                everything if counted is None else counted, rinse_off=rinse_off
            ),
            "pregnancy": PREGNANCY.index(gravest_pregnancy(everything, pregnancy)),
            "medicine": MEDICINE.index(gravest_medicine(everything, medicine)),
            "strength": max(strengths, default=0),
            "label": label,
            "shade": -1 if shade is None else int(shade[1:], 16),
            "finish": -1 if finish is None else self.finishes[finish],
            "origin": -1 if origin is None else self.origins[origin],
            "treats": int(any(i.role == "active" for i, _ in parts)),
            "tinted": int(any("tint" in i.families for i in everything)),
            "known": 100 if printed is None else int(100 * printed.known_share),
            "gaps": 0 if printed is None else len(printed.gaps(self._gaps)),
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

    def add_imported(self, product: Product, sources: Mapping[str, object]) -> RefusedRow | None:
        """Add an imported product: what its label says, with what is known of its ingredients.

        Not added: one that is refused by name, be it banned or harmful, which is answered. A
        medicine is added as one.
        """
        printed = self.ingredients.reader.label_of(filter(says_something, printed_on(product)))
        refused = self._refused(product, printed)
        if refused and refused.kind != "medicine":
            return refused
        percents = {
            ingredient: active.percent
            for active in product.actives
            if (ingredient := self.ingredients.find_label(active.inci))
        }
        everything = printed.ingredients | percents
        named = self.ingredients.read_text(product.name)
        counted = counting(
            everything,
            printed,
            named=named,
            treats=product.category in self.treating,
            rule=self._trace_rule,
        )
        parts = bought_for(counted)
        numbers = [n for entry in printed.entries for n in self._numbers(entry)]
        numbers += [self._number[i.id] for i in percents]
        label = NO_LABEL
        if numbers:
            label = NO_PERCENTAGES if is_unstated(parts) else FULL_LABEL
        origin = next((source for source in product.sources if source in sources), None)
        self.add(
            product.product_id,
            product.name,
            category=product.category,
            parts=parts,
            everything=list(everything),
            counted=list(counted),
            order=list(dict.fromkeys(numbers)),
            printed=printed,
            rinse_off=product.category in self.rinsed,
            skin=product.skin_types,
            brand=product.brand,
            price=product.price_band,
            spf=product.spf or read_spf(product.name),
            pregnancy=gravest_pregnancy(named, product.pregnancy_caution),
            medicine="prescription" if refused else product.medicine,
            label=label,
            shade=product.shade,
            finish=product.finish,
            origin=origin,
        )
        return None

    def _refused(self, product: Product, printed: Label) -> RefusedRow | None:
        """What is never placed and is in a product; most entries were seen to name nothing such."""
        refused = self.ingredients.refused
        suspicious = refused.in_name(product.name, labelled=bool(printed.entries))
        for entry in printed.entries:
            if entry.text not in self._suspicious:
                self._suspicious[entry.text] = bool(refused.in_entry(entry.text, 100, first=True))
        if suspicious or any(self._suspicious[entry.text] for entry in printed.entries):
            return refused_in(self.ingredients, [product.name], printed)
        return None

    def _numbers(self, entry: Entry) -> list[int]:
        """Numbers of all that an entry names; its own text first where nobody described that."""
        if entry.text in self._of_entry:
            return self._of_entry[entry.text]
        numbers = self._of_entry[entry.text] = [self._number[row.id] for row in entry.ingredients]
        if entry.state != "described":
            number = self.labels[normal(entry.text) or entry.text]  # of other scripts, as written
            if len(self.labels) > len(self.label_texts):
                self.label_texts.append(entry.text)
            numbers.insert(0, len(self.ingredients.all) + number)
        return numbers

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
