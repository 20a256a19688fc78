"""Search over a store of vectors (Amazon S3 Vectors), for catalogues beyond one memory.

What differs from facet.catalogue.index: neighbours are approximate, texts are ranked by the store's
BM25 and have no begun words, a text beside a point is fused with it instead of being a filter, and
nothing is counted. What must never be found is looked for again here, on the products that come
back: `without` and `pregnancy` hold whatever the store makes of a filter.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from facet.catalogue.catalogue import GOALS, Catalogue
from facet.catalogue.ingredients import UNKNOWN, Ingredients
from facet.catalogue.suitable import NO_LABEL, PREGNANCY, Person, contents_of, refusal
from facet.catalogue.words import normal
from facet.colour import delta_e_2000, lab_from_hex
from facet.domain.errors import PermanentError, ProductNotFoundError
from facet.domain.products import Product
from facet.domain.search import Found, Hit, Match, Near, Query, Space, VectorStore

HASHED = 256  # dimensions that ingredients are hashed into
MOST = 100  # results of one query, the store's limit
LONGEST_HOLDS = 1200  # bytes, of 2048 that the store filters by

# What each index is made with; texts are searchable, `product` is only carried along.
DIMENSIONS: Mapping[Space, int] = {"concerns": len(GOALS), "ingredients": HASHED, "colour": 3}
METRICS: Mapping[Space, Literal["euclidean", "cosine"]] = {
    "concerns": "euclidean",
    "ingredients": "cosine",
    "colour": "euclidean",
}
TEXTS = ("name", "brand", "inci")
CARRIED = (*TEXTS, "product")


@dataclass(frozen=True, slots=True)
class Entry:
    """One product in one space."""

    key: str
    vector: list[float]
    metadata: dict[str, Any]


def entries(catalogue: Catalogue, space: Space) -> Iterator[Entry]:
    """The entry of every product that has a place in the space."""
    for row, product in enumerate(catalogue):
        vector = _vector(catalogue, row, space)
        if vector is not None:
            yield Entry(product.product_id, vector.tolist(), _metadata(catalogue, row, product))


def _vector(catalogue: Catalogue, row: int, space: Space) -> NDArray[np.float32] | None:
    if space == "concerns":
        return np.array([catalogue.grade_at(row, goal) / 3 for goal in GOALS], dtype=np.float32)
    if space == "colour":
        shade = catalogue.shade_at(row)
        return None if shade is None else lab_from_hex(shade).astype(np.float32)
    return _hashed(catalogue.ingredients.all[n].id for n in catalogue.inci_of(row))


def _hashed(ids: Iterator[str]) -> NDArray[np.float32] | None:
    """Each ingredient adds or takes 1 in one of HASHED places; None where nothing is left."""
    vector = np.zeros(HASHED, dtype=np.float32)
    for id_ in ids:
        number = int.from_bytes(blake2b(id_.encode(), digest_size=4).digest())
        vector[number % HASHED] += 1 if number & 1 << 31 else -1
    return vector if vector.any() else None


def _metadata(catalogue: Catalogue, row: int, product: Product) -> dict[str, Any]:
    ids = [catalogue.ingredients.all[n].id for n in catalogue.inci_of(row)]
    described = [id_ for id_ in ids if not id_.startswith(UNKNOWN)]
    while len(json.dumps(described)) > LONGEST_HOLDS:
        described.pop()  # the rest is checked on what comes back
    facts: dict[str, Any] = {
        "category": product.category,
        "price": product.price_band,
        "concerns": list(product.concerns),
        "skin": list(product.skin_types),
        "holds": described or ["none"],
        "label": bool(catalogue.label[row] > NO_LABEL),
        "pregnancy": PREGNANCY[catalogue.pregnancy[row]],
        "name": product.name,
        "brand": product.brand,
        "inci": ", ".join(product.inci),
        "product": product.model_dump_json(exclude_defaults=True),
    }
    return {key: value for key, value in facts.items() if value not in (None, [], "")}


class VectorSearch:
    """Search whose products lie in a store; the ingredients are those of the snapshot."""

    def __init__(self, ingredients: Ingredients, store: VectorStore) -> None:
        self._ingredients = ingredients
        self._store = store

    def search(self, query: Query) -> Found:
        """The best `query.limit` products after `query.offset`, of MOST at the most; no `total`.

        Raises ProductNotFoundError where `near` names a product that is not there.
        """
        space: Space = query.near.space if query.near else "concerns"
        # Texts alone need no vector; filters alone are ranked by what helps the concern.
        vector = self._point(query.near) if query.near else None
        if query.near is None and not query.text.strip():
            vector = [float(goal == query.concern) for goal in GOALS]
        person = Person.of_query(query, self._ingredients)
        checked_here = query.without or query.holds or query.pregnancy or space == "colour"
        matches = self._store.query(
            space,
            vector=vector,
            text=query.text.strip(),
            filters=self._filters(query, person),
            limit=MOST if checked_here else min(MOST, query.offset + query.limit),
        )
        own = query.near.product_id if query.near else None
        hits = [
            self._hit(match, product, query)
            for match in matches
            if match.key != own
            and self._fits(
                product := Product.model_validate_json(match.metadata["product"]), query, person
            )
        ]
        if space == "colour":
            hits.sort(key=lambda hit: (hit.distance, hit.product_id))
        return Found(hits=tuple(hits[query.offset :][: query.limit]))

    def _point(self, near: Near) -> list[float]:
        if near.shade:
            return [float(value) for value in lab_from_hex(near.shade)]
        if near.concerns:
            return [near.concerns.get(goal, 0.0) for goal in GOALS]  # type: ignore[call-overload]
        if near.product_id:
            stored = self._store.vector("ingredients", near.product_id)
            if stored is None:
                raise ProductNotFoundError
            return stored
        rows = (self._ingredients.find(name) for name in near.ingredients)
        vector = _hashed(row.id for row in rows if row)
        if vector is None:
            raise PermanentError("ingredient_unknown")
        return [float(value) for value in vector]

    def _filters(self, query: Query, person: Person) -> dict[str, Any]:
        avoided = sorted(id_ for id_ in person.avoided.ingredients if not id_.startswith(UNKNOWN))
        held = [row.id for name in query.holds if (row := self._ingredients.find(name))]
        all_of: list[dict[str, Any]] = []
        if query.categories:
            all_of.append({"category": {"$in": list(query.categories)}})
        if query.concern:
            all_of.append({"concerns": {"$eq": query.concern}})
        if query.skin_type:
            all_of.append({"skin": {"$eq": query.skin_type}})
        if query.price_bands:
            all_of.append({"price": {"$in": list(query.price_bands)}})
        if avoided:
            all_of.append({"holds": {"$nin": avoided}})
        if person.needs_labels:
            all_of.append({"label": {"$eq": True}})
        if person.pregnant:
            all_of.append({"pregnancy": {"$eq": "ok"}})
        # Of what is cut off a long list the store knows nothing, so it is not asked for it.
        all_of += [{"holds": {"$eq": id_}} for id_ in held if not id_.startswith(UNKNOWN)]
        return {"$and": all_of} if len(all_of) > 1 else all_of[0] if all_of else {}

    def _fits(self, product: Product, query: Query, person: Person) -> bool:
        ids = {row.id for name in product.inci for row in self._ingredients.on_label(name)}
        names = {normal(name) for name in product.inci}
        held = (self._ingredients.find(name) for name in query.holds)
        holds_all = all(
            normal(name) in names or (row is not None and row.id in ids)
            for name, row in zip(query.holds, held, strict=True)
        )
        if not holds_all or not person.needs_labels:
            return holds_all
        return refusal(person, contents_of(self._ingredients, product), suggested=True) is None

    def _hit(self, match: Match, product: Product, query: Query) -> Hit:
        distance = match.distance if query.near else None
        if query.near and query.near.shade and product.shade:
            distance = float(
                delta_e_2000(lab_from_hex(query.near.shade), lab_from_hex(product.shade))
            )
        return Hit(product_id=match.key, score=match.score, distance=distance, product=product)
