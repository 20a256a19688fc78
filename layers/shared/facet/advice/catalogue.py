"""The catalogue as the workers hold it: one versioned snapshot of products, ingredients and rules.

The snapshot is columnar JSON, so that ten thousand products load in milliseconds and a filter is a
numpy expression; a product becomes an object only when it is looked at. Products, ingredients and
rules travel together because a routine is only repeatable when all three are known: `version` is
the hash of the whole.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

import numpy as np
from numpy.typing import NDArray

from facet.advice.ingredients import Ingredient, Ingredients
from facet.domain.advice import Source
from facet.domain.errors import PermanentError
from facet.domain.products import (
    Active,
    Goal,
    PriceBand,
    Product,
    Session,
    SkinType,
    StepName,
)

SCHEMA = 1
GOALS: tuple[str, ...] = get_args(Goal)
SKIN_TYPES: tuple[str, ...] = get_args(SkinType)
PRICE_BANDS: tuple[str, ...] = get_args(PriceBand)
PREGNANCY: tuple[str, ...] = ("ok", "ask", "avoid")
MEDICINE: tuple[str | None, ...] = (None, "pharmacy", "prescription")

Mask = NDArray[np.bool_]
Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Vehicle:
    """What an active comes in."""

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

    @property
    def owned(self) -> bool:
        return self.item_id is not None

    @property
    def key(self) -> str:
        """Stable order among equals."""
        return f"{self.product_id or ''}/{self.item_id or ''}"


class Catalogue:
    """Products, ingredients and rules of one snapshot, all in memory."""

    def __init__(self, content: Mapping[str, Any], version: str) -> None:
        self.version = version
        self.rules: Mapping[str, Any] = content["rules"]
        self._sources: Mapping[str, Any] = content["sources"]
        self.ingredients = Ingredients(
            [Ingredient.of(id_, row) for id_, row in content["ingredients"].items()],
            self.rules["avoid"]["group"],
            self.rules["avoid"]["exact_only"],
        )
        self.vehicles = {
            id_: Vehicle(
                id_, row["category"], row["weight"], row["rinse_off"], row["opened_months"]
            )
            for id_, row in content["vehicles"].items()
        }
        self._vehicle_names = tuple(self.vehicles)
        self.categories: tuple[str, ...] = tuple(content["categories"])
        columns = content["products"]
        self._id: Sequence[str] = columns["id"]
        self._name: Sequence[str] = columns["name"]
        self._brand: Mapping[str, str] = columns["brand"]  # row -> brand, for those that have one
        self._actives: Sequence[Sequence[Any]] = columns["actives"]  # [ingredient, percent, ...]
        self._row = {product_id: row for row, product_id in enumerate(self._id)}

        def column(name: str) -> Numbers:
            return np.asarray(columns[name], dtype=np.int64)

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
        self.treats = column("treats").astype(bool)
        self.tinted = column("tinted").astype(bool)
        self.mineral = column("mineral").astype(bool)
        self._inci = column("inci")  # every product's ingredients, end to end
        self._inci_end = column("inci_end")  # where each product's end

    @classmethod
    def load(cls, data: bytes) -> "Catalogue":
        """From a snapshot's bytes.

        Raises PermanentError("catalogue_schema") for a snapshot of another schema and
        PermanentError("catalogue_corrupt") for one that does not carry its own hash.
        """
        try:
            snapshot = json.loads(data)
            schema, version, content = (snapshot[k] for k in ("schema", "version", "content"))
        except (ValueError, TypeError, KeyError) as error:
            raise PermanentError("catalogue_corrupt", "The catalogue cannot be read.") from error
        if schema != SCHEMA:
            raise PermanentError(
                "catalogue_schema", f"The catalogue has schema {schema}, not {SCHEMA}."
            )
        return cls(content, version)

    def __len__(self) -> int:
        return len(self._id)

    @property
    def ids(self) -> tuple[str, ...]:
        """Every product's id, in the catalogue's order."""
        return tuple(self._id)

    def __contains__(self, product_id: object) -> bool:
        return product_id in self._row

    def __iter__(self) -> Iterator[Product]:
        return (self._product(row) for row in range(len(self)))

    # --- looking up --------------------------------------------------------------------------

    def name(self, row: int) -> str:
        """The name of the product in this row."""
        return self._name[row]

    def product(self, product_id: str) -> Product | None:
        """The product of this id, or None."""
        row = self._row.get(product_id)
        return None if row is None else self._product(row)

    def by_category(self, category: str) -> list[Product]:
        """Every product of a category, in the catalogue's order."""
        return [self._product(row) for row in _rows(self.in_category(category))]

    def by_concern(self, concern: str, limit: int = 20) -> list[Product]:
        """Products that help a concern, best evidence first, gentler first among equals."""
        grade = self.grade(concern)
        order = np.lexsort((np.arange(len(self)), self.irritancy, -grade))
        return [self._product(row) for row in order[: int((grade > 0).sum())][:limit]]

    def by_ingredient(self, name: str) -> list[Product]:
        """Products with an ingredient, by any of its names; empty for an unknown one."""
        found = self.ingredients.find(name)
        if found is None:
            return []
        return [self._product(row) for row in _rows(self.containing({found.id}))]

    def source(self, source_id: str) -> Source:
        """An entry of the source table."""
        return Source(id=source_id, **self._sources[source_id])

    # --- columns, for those who filter many at once --------------------------------------------

    def in_category(self, *categories: str) -> Mask:
        """(n,) true where the product is of one of these categories."""
        known = [self.categories.index(c) for c in categories if c in self.categories]
        return np.isin(self.category, known)

    def grade(self, goal: str) -> Numbers:
        """(n,) evidence 0..3 that the product helps this goal."""
        return (self.helps >> (2 * GOALS.index(goal))) & 3

    def suits(self, skin_type: str) -> Mask:
        """(n,) true where the product suits this skin type."""
        return np.asarray((self.skin >> SKIN_TYPES.index(skin_type)) & 1, dtype=bool)

    def containing(self, ingredient_ids: set[str] | frozenset[str]) -> Mask:
        """(n,) true where the product holds any of these ingredients."""
        wanted = np.array([row.id in ingredient_ids for row in self.ingredients.all], dtype=bool)
        hits = np.concatenate(([0], np.cumsum(wanted[self._inci])))
        return hits[self._inci_end] > hits[np.concatenate(([0], self._inci_end[:-1]))]

    # --- one product ---------------------------------------------------------------------------

    def item(self, product_id: str) -> Item | None:
        """A product as the routine sees it, or None."""
        row = self._row.get(product_id)
        return None if row is None else self.item_at(row)

    def item_at(self, row: int) -> Item:
        """The product in this row as the routine sees it."""
        category = self.categories[self.category[row]]
        vehicle = self.vehicles[self._vehicle_names[self.vehicle[row]]]
        ids = [self.ingredients.all[i] for i in self._inci_of(row)]
        actives = self._actives_of(row)
        return Item(
            name=self._name[row],
            category=category,
            step=self.step_of(category),
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
            product_id=self._id[row],
            price_band=self._price_of(row),
            **self.of_actives([ingredient for ingredient, _ in actives], actives),
        )

    def of_actives(
        self,
        ingredients: Sequence[Ingredient],
        actives: Sequence[tuple[Ingredient, float | None]],
    ) -> dict[str, Any]:
        """What a product inherits from its ingredients: tags, sessions, cautions, sources."""
        treating = [i for i in ingredients if i.role == "active"]
        tags = frozenset().union(*(i.tags for i in treating)) if treating else frozenset[str]()
        only = {
            place["only"]
            for place in self.rules["place"]
            if place.get("only") and place["family"] in tags
        }
        sessions = tuple(s for s in get_args(Session) if not only or only == {s})
        return {
            "tags": tags,
            "sessions": sessions,
            "cautions": tuple(dict.fromkeys(i.caution for i in ingredients if i.caution)),
            "sources": tuple(dict.fromkeys(s for i, _ in actives for s in i.sources)),
        }

    def grade_at(self, row: int, goal: str) -> int:
        """Evidence 0..3 that the product in this row helps this goal."""
        return int(self.helps[row] >> (2 * GOALS.index(goal))) & 3

    def step_of(self, category: str) -> StepName | None:
        """The place of a category in a routine, or None for what has none (a mask, a lipstick)."""
        return cast(StepName | None, self.rules["routine"]["step_of"].get(category))

    def _inci_of(self, row: int) -> Numbers:
        start = self._inci_end[row - 1] if row else 0
        return self._inci[start : self._inci_end[row]]

    def _actives_of(self, row: int) -> list[tuple[Ingredient, float | None]]:
        flat = self._actives[row]
        pairs = zip(flat[::2], flat[1::2], strict=True)
        return [(self.ingredients.all[i], percent) for i, percent in pairs]

    def _price_of(self, row: int) -> PriceBand | None:
        price = self.price[row]
        return None if price < 0 else cast(PriceBand, PRICE_BANDS[price])

    def _product(self, row: int) -> Product:
        item = self.item_at(row)
        return Product(
            product_id=self._id[row],
            name=item.name,
            brand=self._brand.get(str(row)),
            category=item.category,
            step=item.step,
            vehicle=self._vehicle_names[self.vehicle[row]],
            actives=tuple(
                Active(inci=i.inci, name=i.common_name, percent=percent)
                for i, percent in self._actives_of(row)
            ),
            inci=tuple(self.ingredients.all[i].inci for i in self._inci_of(row)),
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
            sources=item.sources,
        )


def _rows(mask: Mask) -> list[int]:
    return [int(row) for row in np.flatnonzero(mask)]


def pack(content: Mapping[str, Any]) -> bytes:
    """Snapshot bytes of this content: compact JSON that names its schema and its own hash."""
    body = json.dumps(content, separators=(",", ":"), ensure_ascii=False, sort_keys=True)
    version = hashlib.sha256(body.encode()).hexdigest()[:16]
    return f'{{"schema":{SCHEMA},"version":"{version}","content":{body}}}'.encode()
