"""The published catalogue, its products, and whether the parts can be reached."""

import logging
from types import SimpleNamespace
from typing import Any

import pytest

from facet.domain.errors import PermanentError
from facet.domain.places import CATALOGUE_SNAPSHOT
from facet.domain.products import Product
from facet.domain.search import Found, Hit, Query
from facet.services import current_catalogue as module
from facet.services.current_catalogue import CurrentCatalogue
from facet.services.find_products import ProductPage, find_products, near_one, read_product
from facet.services.report_health import FRESH_FOR, Readiness, report_health
from tests.unit.services.conftest import World


def test_no_catalogue_was_published(world: World) -> None:
    with pytest.raises(PermanentError, match="catalogue_missing"):
        CurrentCatalogue(world.media).get()


def test_a_catalogue_that_cannot_be_read_is_refused_or_the_one_before_it_stays(
    world: World, snapshot: bytes, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "LOOK_AGAIN_SECONDS", 0)
    world.media.of[CATALOGUE_SNAPSHOT] = b"not one"
    current = CurrentCatalogue(world.media)
    with pytest.raises(PermanentError, match="catalogue_"):
        current.get()

    world.media.of[CATALOGUE_SNAPSHOT] = snapshot
    first = current.get()
    assert current.get() is first
    world.media.of[CATALOGUE_SNAPSHOT] = b"not one"
    with caplog.at_level(logging.ERROR):
        assert current.get() is first
    assert "the one before it stays" in caplog.text


def test_a_newer_catalogue_is_looked_for_once_a_minute(world: World, snapshot: bytes) -> None:
    world.media.of[CATALOGUE_SNAPSHOT] = snapshot
    current = CurrentCatalogue(world.media)
    first = current.get()
    world.media.of.clear()
    assert current.get() is first


def product(name: str) -> Product:
    return Product(product_id=name, name=name.title(), category="serum")


class Shelf:
    """Three products, found in their order, by one that cannot count them."""

    names = ("a", "b", "c")

    def search(self, query: Query) -> Found:
        names = self.names[query.offset : query.offset + query.limit]
        return Found(hits=tuple(Hit(product_id=name, product=product(name)) for name in names))


def find(world: World, cursor: str | None = None, **asked: Any) -> ProductPage:
    return find_products(
        "user",
        Query(limit=2, **asked),
        cursor,
        cursors=world.cursors,
        search=Shelf(),
        facts=SimpleNamespace(product=lambda _: None),
    )


def test_products_are_paged_and_a_cursor_fits_its_question(world: World) -> None:
    first = find(world, text="serum")
    rest = find(world, first.cursor, text="serum")

    pages = [[hit.product.product_id for hit in page.products] for page in (first, rest)]
    assert pages == [["a", "b"], ["c"]]
    assert rest.cursor is None
    with pytest.raises(PermanentError, match="invalid_cursor"):
        find(world, first.cursor, text="cream")


def test_a_product_is_read_or_is_not_there(world: World) -> None:
    world.products.of["a"] = product("a")
    assert read_product("a", products=world.products) == product("a")
    with pytest.raises(PermanentError, match="product_not_found"):
        read_product("b", products=world.products)


def test_products_are_near_one_thing() -> None:
    assert near_one(None, None) is None
    near = near_one("#aa3344", None)
    assert near
    assert near.space == "colour"
    with pytest.raises(PermanentError, match="invalid_request"):
        near_one("#aa3344", "a")


def test_a_part_that_cannot_be_reached_is_named() -> None:
    def away() -> None:
        raise ConnectionError("away")

    assert report_health({"table": lambda: None}).status == "ok"
    health = report_health({"table": lambda: None, "bucket": away})
    assert health.status == "unavailable"
    assert health.parts == {"table": "ok", "bucket": "unavailable"}


def test_however_often_somebody_asks_the_parts_are_looked_at_every_ten_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now, looks = [100.0], []

    def away() -> None:
        looks.append(now[0])
        raise TimeoutError

    monkeypatch.setattr("facet.services.report_health.time.monotonic", lambda: now[0])
    readiness = Readiness({"table": away})

    for _ in range(1000):
        assert readiness.report().status == "unavailable"
    now[0] += FRESH_FOR.total_seconds()
    readiness.report()

    assert looks == [100.0, 110.0]
