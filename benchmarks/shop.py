"""A shop's catalogue of any size: real formulas and made-up ones, under names, brands, labels and
shades of their own. Written as a snapshot, as `facet catalog build` would."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import OUT, ROOT
from facet.catalogue.build import build_catalogue
from facet.catalogue.catalogue import Catalogue, Numbers
from facet.catalogue.files import written
from facet.catalogue.index import index_columns
from facet.catalogue.snapshot import JSON_UP_TO, SCHEMA, Texts, pack, smallest
from facet.domain.products import Product

FORMULAS = 20_000
LABELS = 8_000  # ingredients nobody described
BRANDS = 4_000
MADE_UP = 20_000  # words of names
SHADED = ("foundation", "concealer", "blush", "lipstick", "eyeshadow")
SYLLABLES = ("ba", "co", "di", "lu", "me", "na", "or", "pi", "ra", "se", "ti", "vel", "xan", "zo")
KINDS = ("cream", "serum", "gel", "oil", "fluid", "balm", "lotion", "stick", "mist", "velvet")


def shop(products: int) -> Path:
    """The snapshot's file; made once, as it takes a minute at a million."""
    path = OUT / f"shop-{SCHEMA}-{products}.snapshot"
    if not path.exists():
        with written(path) as file:
            file.write(_snapshot(products))
    return path


def _snapshot(products: int) -> bytes:
    dice = random.Random(1)  # noqa: S311 - the same shop every time
    base = Catalogue.load(build_catalogue(ROOT / "data" / "skincare", _formulas(dice)))
    content: dict[str, Any] = {**base.content, "products": _grown(base, products, dice)}
    content["brands"] = Texts.of(f"{_word(dice)} {_word(dice)}" for _ in range(BRANDS))
    if products > JSON_UP_TO:
        content["index"] = index_columns(Catalogue(content, ""))
    return pack(content)


def _formulas(dice: random.Random) -> Iterator[Product]:
    """Labels as long as real ones (about 25 names), a few names on most of them, most on few."""
    labels = [
        "Aqua",
        "Glycerin",
        "Parfum",
        "Phenoxyethanol",
        "Niacinamide",
        "Tocopherol",
        "Retinol",
    ]
    labels += [f"{_word(dice)} {_word(dice)} extract".capitalize() for _ in range(LABELS)]
    weights = [1 / (1 + n) for n in range(len(labels))]
    for n in range(FORMULAS):
        category = dice.choice(("moisturiser", "serum", "cleanser", "sunscreen", "mask", *SHADED))
        yield Product.model_construct(
            product_id=f"formula-{n}",
            name="made up",
            category=category,
            inci=tuple(dict.fromkeys(dice.choices(labels, weights, k=dice.randint(15, 60)))),
            skin_types=tuple(dict.fromkeys(dice.choices(("dry", "oily", "sensitive"), k=2))),
            spf=dice.choice((30, 50)) if category == "sunscreen" else None,
            shade="#000000" if category in SHADED else None,
        )


def _grown(base: Catalogue, products: int, dice: random.Random) -> dict[str, Any]:
    chance = np.random.default_rng(1)
    chosen = chance.integers(0, len(base), products)
    vocabulary = [_word(dice) for _ in range(MADE_UP)] + list(KINDS) * 200
    ids = [f"{base.ids[row][:40]}-{n}" for n, row in enumerate(chosen.tolist())]
    words = chance.integers(0, len(vocabulary), (products, 3)).tolist()
    inci, inci_end = _taken(base.inci, base.inci_end, chosen)
    columns = base.content["products"]
    active, active_end = _taken(np.asarray(columns["active"]), columns["active_end"], chosen)
    percent, _ = _taken(np.asarray(columns["percent"]), columns["active_end"], chosen)
    shade = np.where(base.shade[chosen] < 0, -1, chance.integers(0, 2**24, products))
    plain = {"id", "name", "by_id", "brand", "price", "shade", "inci", "inci_end"}
    plain |= {"active", "active_end", "percent"}
    return {
        **{k: smallest(v)[chosen] for k, v in columns.items() if k not in plain},
        "id": Texts.of(ids),
        "name": Texts.of(
            f"{base.names[row]} {' '.join(vocabulary[w] for w in some)}"
            for row, some in zip(chosen.tolist(), words, strict=True)
        ),
        "by_id": smallest(np.argsort(np.array(ids))),
        "brand": smallest(chance.integers(0, BRANDS, products)),
        "price": smallest(chance.integers(-1, 3, products)),
        "shade": smallest(shade),
        "active": smallest(active),
        "active_end": active_end,
        "percent": percent.astype(np.float32),
        "inci": smallest(inci),
        "inci_end": inci_end,
    }


def _taken(
    values: Numbers | np.ndarray[Any, Any], ends: Sequence[int] | Numbers, chosen: Numbers
) -> tuple[np.ndarray[Any, Any], Numbers]:
    """The chosen rows of lists that lie end to end."""
    last = np.asarray(ends, dtype=np.int64)
    first = np.concatenate(([0], last[:-1]))
    lengths = (last - first)[chosen]
    end = np.cumsum(lengths)
    within = np.arange(end[-1]) - np.repeat(end - lengths, lengths)
    return values[np.repeat(first[chosen], lengths) + within], smallest(end)


def _word(dice: random.Random) -> str:
    return "".join(dice.choices(SYLLABLES, k=dice.randint(2, 4)))
