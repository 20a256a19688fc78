"""A catalogue as large as a shop's, made of the real one."""

import json
from typing import Any

import numpy as np

from facet.advice.catalogue import PRICE_BANDS, pack


def enlarge(snapshot: bytes, products: int) -> bytes:
    """A snapshot with `products` rows: the real ones over and over, each under a name, a brand,
    a price and a strength of its own, so that ranking has as much to decide."""
    content: dict[str, Any] = json.loads(snapshot)["content"]
    columns = content["products"]
    known = len(columns["id"])
    chosen = [row % known for row in range(products)]
    random = np.random.default_rng(1)
    starts = [0, *columns["inci_end"][:-1]]
    inci = [columns["inci"][starts[row] : columns["inci_end"][row]] for row in chosen]
    large: dict[str, Any] = {
        name: [column[row] for row in chosen]
        for name, column in columns.items()
        if name not in {"brand", "inci", "inci_end"}
    }
    large |= {
        "id": [f"{columns['id'][row]}-{n}" for n, row in enumerate(chosen)],
        "name": [f"{columns['name'][row]} No. {n}" for n, row in enumerate(chosen)],
        "brand": {str(n): f"Brand {n % 400}" for n in range(products)},
        "price": random.integers(0, len(PRICE_BANDS), products).tolist(),
        "strength": random.integers(0, 101, products).tolist(),
        "inci": [one for product in inci for one in product],
        "inci_end": np.cumsum([len(product) for product in inci]).tolist(),
    }
    return pack(content | {"products": large})
