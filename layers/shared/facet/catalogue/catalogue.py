"""The catalogue as functions hold it: one versioned snapshot of products, ingredients and rules.

The snapshot (facet.catalogue.snapshot) is columnar, so that a filter is a numpy expression and a
product becomes an object only when it is looked at. Products, ingredients and rules travel
together because a routine is only repeatable when all three are known: `version` is the hash of
the whole.
"""

import mmap
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, cast, get_args

import numpy as np
from numpy.typing import NDArray

from facet.catalogue.evidence import rinsed_categories
from facet.catalogue.family import Families
from facet.catalogue.ingredients import Ingredient, Ingredients
from facet.catalogue.recognised import Recognised
from facet.catalogue.snapshot import Buffer, smallest, unpack
from facet.catalogue.suitable import MEDICINE, PREGNANCY
from facet.domain.advice import Source
from facet.domain.products import (
    Active,
    Goal,
    PriceBand,
    Product,
    Session,
    SkinType,
    StepName,
)

GOALS: tuple[str, ...] = get_args(Goal)
SKIN_TYPES: tuple[str, ...] = get_args(SkinType)
PRICE_BANDS: tuple[str, ...] = get_args(PriceBand)

# Among the layers and after opening, for a product whose vehicle nobody stated.
LAYER = {
    "cleanser": 1,
    "toner": 2,
    "rinse_off_peel": 2,
    "exfoliant": 3,
    "serum": 4,
    "moisturiser": 7,
    "sunscreen": 9,
}
OTHER_LAYER, OPENED_MONTHS = 5, 12

Mask = NDArray[np.bool_]
Numbers = NDArray[np.integer]


@dataclass(frozen=True, slots=True)
class Vehicle:
    """The vehicle of a product: what its actives come in."""

    id: str
    category: str
    weight: int  # 1 thin .. 9 thick: the order of layers
    rinse_off: bool
    opened_months: int  # how long it keeps once opened


@dataclass(frozen=True, slots=True)
class Item:
    """A product as the routine sees it: of the catalogue, or described by its owner."""

    name: str
    category: str
    step: StepName | None
    actives: Mapping[str, float | None]  # ingredient id -> percent, None where unknown
    ingredients: frozenset[str]  # ids of everything known to be in it
    tags: frozenset[str]  # families and ids of its actives: what rules speak of
    treats: bool  # holds an ingredient of role active
    helps: Mapping[str, int]  # goal -> grade 1..3
    irritancy: int
    pregnancy: str
    medicine: str | None
    sessions: tuple[Session, ...]
    weight: int
    rinse_off: bool
    opened_months: int
    spf: int
    tinted: bool
    cautions: tuple[str, ...]
    sources: tuple[str, ...]
    product_id: str | None = None
    item_id: str | None = None
    price_band: PriceBand | None = None
    strain: int = 0  # 0..3, irritancy of the harshest thing in it that treats

    @property
    def owned(self) -> bool:
        """Whether a person owns the product."""
        return self.item_id is not None

    @property
    def key(self) -> str:
        """Key of a stable order among equal products."""
        return f"{self.product_id or ''}/{self.item_id or ''}"


class Catalogue:
    """Products, ingredients and rules of one snapshot, all in memory."""

    def __init__(self, content: Mapping[str, Any], version: str) -> None:
        self.version = version
        self.content = content
        self.rules: Mapping[str, Any] = content["rules"]
        self._sources: Mapping[str, Any] = content["sources"]
        described = [Ingredient.of(id_, row) for id_, row in content["ingredients"].items()]
        self.ingredients = Ingredients(
            [*described, *map(Ingredient.unknown, content["labels"])],
            Families(content["families"]),
            recognised=Recognised.of(content["recognised"]),
            label_rules=content["label_rules"],
            refused=content["refused"],
        )
        self.vehicles = {
            id_: Vehicle(
                id_, row["category"], row["weight"], row["rinse_off"], row["opened_months"]
            )
            for id_, row in content["vehicles"].items()
        }
        self._vehicle_names = tuple(self.vehicles)
        self._rinsed = rinsed_categories((v.category, v.rinse_off) for v in self.vehicles.values())
        self.categories: tuple[str, ...] = tuple(content["categories"])
        self.brands: Sequence[str] = content["brands"]
        self._origins: Sequence[str] = content["origins"]
        self._finishes: Sequence[str] = content["finishes"]
        columns = content["products"]
        self.ids: Sequence[str] = columns["id"]  # every product's id, in the catalogue's order
        self.names: Sequence[str] = columns["name"]

        def column(name: str) -> Numbers:
            values = columns[name]
            return values if isinstance(values, np.ndarray) else smallest(values)

        self.by_id = column("by_id")  # rows in the order of their ids
        self.brand = column("brand")  # index into brands, -1 none
        self.category = column("category")  # index into categories
        self.vehicle = column("vehicle")  # index into vehicles, -1 unknown
        self.price = column("price")  # index into PRICE_BANDS, -1 unknown
        self.spf = column("spf")  # 0 none
        self.skin = column("skin")  # bit per SKIN_TYPES
        self.helps = column("helps")  # two bits per GOALS: grade 0..3
        self.irritancy = column("irritancy")  # 0..3
        self.pregnancy = column("pregnancy")  # index into PREGNANCY
        self.medicine = column("medicine")  # index into MEDICINE
        self.strength = column("strength")  # percent of the ceiling of its strongest active
        self.label = column("label")  # NO_LABEL, NO_PERCENTAGES or FULL_LABEL
        self.known = column("known")  # percent of its label's entries that are known; 0 no label
        self.gaps = column("gaps")  # how many entries are not checked and weigh
        self.shade = column("shade")  # 0xrrggbb, -1 none
        self.finish = column("finish")  # index into finishes, -1 none
        self.origin = column("origin")  # index into origins: the source of an imported one, -1 none
        self.treats = column("treats").astype(bool)
        self.tinted = column("tinted").astype(bool)
        self.mineral = column("mineral").astype(bool)
        self._active = column("active")  # every product's actives, end to end
        self._percent = np.asarray(columns["percent"], dtype=np.float32)  # of each; 0 unknown
        self._active_end = column("active_end")
        self.inci = column("inci")  # every product's ingredients, end to end
        self.inci_end = column("inci_end")  # where each product's end

    @classmethod
    def load(cls, data: Buffer) -> "Catalogue":
        """The catalogue of a snapshot's bytes.

        Raises PermanentError("catalogue_schema") for a snapshot of another schema and
        PermanentError("catalogue_corrupt") for what is none.
        """
        version, content = unpack(data)
        return cls(content, version)

    @classmethod
    def open(cls, path: Path) -> "Catalogue":
        """The catalogue of a snapshot's file, mapped: columns are read when they are needed.

        Raises as `load` does, and OSError.
        """
        with path.open("rb") as file:
            if not path.stat().st_size:  # nothing to map
                return cls.load(b"")
            return cls.load(memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)))

    def __len__(self) -> int:
        return len(self.ids)

    def __contains__(self, product_id: object) -> bool:
        return isinstance(product_id, str) and self.row(product_id) is not None

    def __iter__(self) -> Iterator[Product]:
        return (self.product_at(row) for row in range(len(self)))

    # --- looking up --------------------------------------------------------------------------

    def row(self, product_id: str) -> int | None:
        """The row of the product of this id, or None."""
        at = bisect_left(self.by_id, product_id, key=lambda row: self.ids[int(row)])
        if at == len(self) or self.ids[row := int(self.by_id[at])] != product_id:
            return None
        return row

    def name(self, row: int) -> str:
        """The name of the product in this row."""
        return self.names[row]

    def product(self, product_id: str) -> Product | None:
        """The product of this id, or None."""
        row = self.row(product_id)
        return None if row is None else self.product_at(row)

    def by_concern(self, concern: str, limit: int = 20) -> list[Product]:
        """Products that help a concern, best evidence first, gentler first among equals."""
        grade = self.grade(concern)
        order = np.lexsort((np.arange(len(self)), self.irritancy, -grade))
        return [self.product_at(row) for row in order[: int((grade > 0).sum())][:limit]]

    def source(self, source_id: str) -> Source:
        """An entry of the source table."""
        return Source(id=source_id, **self._sources[source_id])

    # --- columns, for those who filter many at once --------------------------------------------

    def in_category(self, *categories: str) -> Mask:
        """(n,) true where the product is of one of these categories."""
        numbers = [self.categories.index(c) for c in categories if c in self.categories]
        return np.isin(self.category, numbers)

    def grade(self, goal: str) -> Numbers:
        """(n,) evidence 0..3 that the product helps this goal."""
        return (self.helps >> (2 * GOALS.index(goal))) & 3

    def main_grade(self, goal: str) -> Numbers:
        """(n,) evidence 0..3 that what a product is mainly bought for helps this goal.

        That is the harshest of what treats in it, or several that are equally harsh: a retinol
        serum with niacinamide is a retinol serum. As of what stays on the skin, and of stated
        strengths alone.
        """
        described = self.ingredients.all[: len(self.content["ingredients"])]
        grade = np.zeros(len(self.ingredients.all), dtype=np.int8)
        least = np.zeros(len(self.ingredients.all), dtype=np.float32)
        for number, row in enumerate(described):
            if goal in row.helps:
                grade[number], least[number], _ = row.helps[goal]
        credited = self._main_actives & (self._percent > 0) & (self._percent >= least[self._active])
        best = np.zeros(len(self), dtype=np.int8)
        np.maximum.at(best, self._owners[credited], grade[self._active[credited]])
        return best

    def main_tag(self, tag: str) -> Mask:
        """(n,) true where a product is mainly bought for a family, or for this ingredient."""
        return self._where_active(tag, self._main_actives)

    def active_tag(self, tag: str) -> Mask:
        """(n,) true where something that treats in a product is of a family, or this ingredient."""
        return self._where_active(tag, np.ones(len(self._active), dtype=bool))

    def _where_active(self, tag: str, among: Mask) -> Mask:
        tagged = np.zeros(len(self.ingredients.all), dtype=bool)
        for number, row in enumerate(self.ingredients.all[: len(self.content["ingredients"])]):
            tagged[number] = row.role == "active" and tag in row.tags
        mask = np.zeros(len(self), dtype=bool)
        mask[self._owners[among & tagged[self._active]]] = True
        return mask

    @cached_property
    def _owners(self) -> Numbers:
        """(actives,) the row of the product that each active is in."""
        return np.repeat(np.arange(len(self)), np.diff(self._active_end, prepend=0))

    @cached_property
    def _main_actives(self) -> Mask:
        """(actives,) whether each is the harshest of what treats in its product."""
        harsh = np.full(len(self.ingredients.all), -1, dtype=np.int8)
        for number, row in enumerate(self.ingredients.all[: len(self.content["ingredients"])]):
            if row.role == "active":
                harsh[number] = row.irritancy
        harshest = np.full(len(self), -1, dtype=np.int8)
        np.maximum.at(harshest, self._owners, harsh[self._active])
        mask: Mask = (harsh[self._active] >= 0) & (harsh[self._active] == harshest[self._owners])
        return mask

    def suits(self, skin_type: str) -> Mask:
        """(n,) true where the product suits this skin type."""
        return np.asarray((self.skin >> SKIN_TYPES.index(skin_type)) & 1, dtype=bool)

    def containing(self, ingredient_ids: set[str] | frozenset[str]) -> Mask:
        """(n,) true where the product holds any of these ingredients."""
        mask = np.array([row.id in ingredient_ids for row in self.ingredients.all], dtype=bool)
        hits = np.concatenate(([0], np.cumsum(mask[self.inci])))
        return hits[self.inci_end] > hits[np.concatenate(([0], self.inci_end[:-1]))]

    # --- one product ---------------------------------------------------------------------------

    def item(self, product_id: str) -> Item | None:
        """A product as the routine sees it, or None."""
        row = self.row(product_id)
        return None if row is None else self.item_at(row)

    def item_at(self, row: int) -> Item:
        """The product in this row as the routine sees it."""
        category = self.categories[self.category[row]]
        step = self.step_of(category)
        vehicle = self._vehicle_of(row) or self.usual_vehicle(category)
        ids = [self.ingredients.all[i] for i in self.inci_of(row)]
        actives = self._actives_of(row)
        return Item(
            name=self.names[row],
            category=category,
            step=step,
            actives={ingredient.id: percent for ingredient, percent in actives},
            ingredients=frozenset(ingredient.id for ingredient in ids),
            helps={goal: int(g) for goal in GOALS if (g := self.grade_at(row, goal))},
            pregnancy=PREGNANCY[self.pregnancy[row]],
            medicine=MEDICINE[self.medicine[row]],
            irritancy=int(self.irritancy[row]),
            treats=bool(self.treats[row]),
            weight=vehicle.weight,
            rinse_off=vehicle.rinse_off,
            opened_months=vehicle.opened_months,
            spf=int(self.spf[row]),
            tinted=bool(self.tinted[row]),
            product_id=self.ids[row],
            price_band=self._price_of(row),
            **self.of_actives(
                [ingredient for ingredient, _ in actives],
                actives,
                by_day=step == "moisturise" and bool(self.spf[row]),
            ),
        )

    def of_actives(
        self,
        ingredients: Sequence[Ingredient],
        actives: Sequence[tuple[Ingredient, float | None]],
        *,
        by_day: bool = False,
    ) -> dict[str, Any]:
        """What a product inherits from its ingredients: tags, sessions, cautions, sources.

        by_day: it is made for the morning, as a day cream with a sun protection factor is.
        """
        treating = [i for i in ingredients if i.role == "active"]
        tags = frozenset().union(*(i.tags for i in treating)) if treating else frozenset[str]()
        only = {
            place["only"]
            for place in self.rules["place"]
            if place.get("only") and place["family"] in tags
        }
        if by_day:
            only.add("am")
        sessions = tuple(s for s in get_args(Session) if not only or only == {s})
        return {
            "tags": tags,
            "sessions": sessions,
            "cautions": tuple(dict.fromkeys(i.caution for i in ingredients if i.caution)),
            "sources": tuple(dict.fromkeys(s for i, _ in actives for s in i.sources)),
            "strain": max((i.irritancy for i in treating), default=0),
        }

    def grade_at(self, row: int, goal: str) -> int:
        """Evidence 0..3 that the product in this row helps this goal."""
        return int(self.helps[row] >> (2 * GOALS.index(goal))) & 3

    def step_of(self, category: str) -> StepName | None:
        """The place of a category in a routine, or None for what has none (a mask, a lipstick)."""
        return cast(StepName | None, self.rules["routine"]["step_of"].get(category))

    def rinses_off(self, category: str, vehicle: str | None = None) -> bool:
        """Whether a product is rinsed off: as its vehicle says, else as its category does."""
        stated = self.vehicles.get(vehicle) if vehicle else None
        return stated.rinse_off if stated else category in self._rinsed

    def usual_vehicle(self, category: str) -> Vehicle:
        """What a product of this category comes in, where nobody stated it."""
        return Vehicle(
            id="",
            category=category,
            weight=LAYER.get(category, OTHER_LAYER),
            rinse_off=self.rinses_off(category),
            opened_months=OPENED_MONTHS,
        )

    def brand_at(self, row: int) -> str | None:
        """The brand of the product in this row, or None."""
        return _nth(self.brands, self.brand[row])

    def shade_at(self, row: int) -> str | None:
        """The colour `#rrggbb` of the product in this row, or None."""
        return None if self.shade[row] < 0 else f"#{int(self.shade[row]):06x}"

    def finish_at(self, row: int) -> str | None:
        """The finish of the product in this row, or None."""
        return _nth(self._finishes, self.finish[row])

    def _vehicle_of(self, row: int) -> Vehicle | None:
        number = self.vehicle[row]
        return None if number < 0 else self.vehicles[self._vehicle_names[number]]

    def inci_of(self, row: int) -> Numbers:
        """Numbers of the ingredients of the product in this row."""
        start = self.inci_end[row - 1] if row else 0
        return self.inci[start : self.inci_end[row]]

    def _actives_of(self, row: int) -> list[tuple[Ingredient, float | None]]:
        start, end = (int(self._active_end[row - 1]) if row else 0), int(self._active_end[row])
        return [
            # float32 holds what a label states; six digits give it back as it was written
            (self.ingredients.all[i], float(f"{percent:.6g}") if percent > 0 else None)
            for i, percent in zip(self._active[start:end], self._percent[start:end], strict=True)
        ]

    def _price_of(self, row: int) -> PriceBand | None:
        return cast(PriceBand | None, _nth(PRICE_BANDS, self.price[row]))

    def product_at(self, row: int) -> Product:
        """The product in this row."""
        item, vehicle = self.item_at(row), self._vehicle_of(row)
        origin = _nth(self._origins, self.origin[row])
        return Product(
            product_id=self.ids[row],
            name=item.name,
            brand=self.brand_at(row),
            category=item.category,
            step=item.step,
            vehicle=vehicle.id if vehicle else None,
            actives=tuple(
                Active(inci=i.inci, name=i.common_name, percent=percent)
                for i, percent in self._actives_of(row)
            ),
            inci=tuple(self.ingredients.all[i].inci for i in self.inci_of(row)),
            skin_types=cast(
                tuple[SkinType, ...],
                tuple(t for bit, t in enumerate(SKIN_TYPES) if self.skin[row] >> bit & 1),
            ),
            concerns=cast(
                tuple[Goal, ...], tuple(sorted(item.helps, key=lambda g: (-item.helps[g], g)))
            ),
            price_band=item.price_band,
            am_pm=item.sessions,
            cautions=item.cautions,
            pregnancy_caution=cast(Literal["ok", "ask", "avoid"], item.pregnancy),
            medicine=cast(Literal["pharmacy", "prescription"] | None, item.medicine),
            spf=item.spf or None,
            tinted=item.tinted,
            shade=self.shade_at(row),
            finish=self.finish_at(row),
            sources=tuple(dict.fromkeys((*item.sources, *((origin,) if origin else ())))),
        )


def _nth(names: Sequence[str], number: int | np.integer) -> str | None:
    return None if number < 0 else names[int(number)]
