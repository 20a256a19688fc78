"""What a person owns and tells."""

import pytest

from facet.domain.advice import Profile
from facet.domain.belongings import Shelf
from facet.domain.errors import PermanentError, ProfileUnreadableError
from facet.domain.products import BagDetails, BagItem, Product
from facet.services.keep_bag import drop_bag_item, keep_bag_item, list_bag, read_bag_item
from facet.services.keep_profile import keep_profile, profile_of, read_profile
from tests.unit.services.conftest import World

CREAM = Product(product_id="cream", name="Cream", category="moisturiser")


def keep(world: World, item_id: str, **told: object) -> tuple[BagItem, bool]:
    details = BagDetails.model_validate(told)
    return keep_bag_item(
        "user", item_id, details, most=3, shelves=world.shelves, products=world.products
    )


def test_a_product_of_the_catalogue_is_named_by_it_unless_its_owner_does(world: World) -> None:
    world.products.of["cream"] = CREAM

    item, is_new = keep(world, "a", product_id="cream")
    again, is_new_again = keep(world, "a", product_id="cream", name="Mine")

    assert (item.name, item.category, is_new) == ("Cream", "moisturiser", True)
    assert (again.name, again.category, is_new_again) == ("Mine", "moisturiser", False)
    assert read_bag_item("user", "a", shelves=world.shelves) == again


def test_a_product_nobody_knows_is_refused(world: World) -> None:
    with pytest.raises(PermanentError, match="product_not_found"):
        keep(world, "a", product_id="cream")
    with pytest.raises(PermanentError, match="bag_item_incomplete"):
        keep(world, "a", name="Cream")
    assert world.shelves.things == {}


def test_the_bag_is_paged_and_a_cursor_fits_its_owner(world: World) -> None:
    for name in ("a", "b", "c"):
        keep(world, name, name=name, category="serum")

    first = list_bag("user", 2, None, cursors=world.cursors, shelves=world.shelves)
    rest = list_bag("user", 2, first.cursor, cursors=world.cursors, shelves=world.shelves)

    assert [[i.item_id for i in page.items] for page in (first, rest)] == [["a", "b"], ["c"]]
    assert rest.cursor is None
    with pytest.raises(PermanentError, match="invalid_cursor"):
        list_bag("somebody", 2, first.cursor, cursors=world.cursors, shelves=world.shelves)


def test_a_full_bag_takes_nothing_new_until_something_goes(world: World) -> None:
    world.shelves.put("user", Shelf.WARDROBE, "shirt", {"name": "Shirt"})
    world.shelves.put("user", Shelf.FEEDBACK, "01", {"rating": 5})  # is not counted
    for name in ("a", "b"):
        keep(world, name, name=name, category="serum")

    with pytest.raises(PermanentError, match="belongings_full"):
        keep(world, "c", name="c", category="serum")

    keep(world, "b", name="another", category="serum")
    drop_bag_item("user", "a", shelves=world.shelves)
    assert keep(world, "c", name="c", category="serum")[1]


def test_a_profile_has_a_size_in_bytes(world: World) -> None:
    told = Profile(allergies=("é" * 50,))  # 100 bytes of letters, 19 round them
    keep_profile("user", told, most_bytes=119, shelves=world.shelves)

    with pytest.raises(PermanentError, match="profile_too_large"):
        keep_profile("user", Profile(), most_bytes=1, shelves=world.shelves)
    with pytest.raises(PermanentError, match="profile_too_large"):
        keep_profile("user", told, most_bytes=118, shelves=world.shelves)

    assert read_profile("user", shelves=world.shelves) == told


def test_a_field_of_another_schema_is_left_out_rather_than_the_item(world: World) -> None:
    world.shelves.put("user", Shelf.BAG, "a", {"name": "Cream", "spf": "high", "old": 1})
    item = read_bag_item("user", "a", shelves=world.shelves)
    assert (item.name, item.spf) == ("Cream", None)


def test_what_is_not_in_the_bag_is_neither_read_nor_dropped(world: World) -> None:
    keep(world, "a", name="a", category="serum")
    drop_bag_item("user", "a", shelves=world.shelves)
    with pytest.raises(PermanentError, match="bag_item_not_found"):
        drop_bag_item("user", "a", shelves=world.shelves)
    with pytest.raises(PermanentError, match="bag_item_not_found"):
        read_bag_item("user", "a", shelves=world.shelves)


def test_a_profile_is_replaced_whole_and_names_each_goal_once(world: World) -> None:
    assert read_profile("user", shelves=world.shelves) == Profile()
    told = Profile(goals=("redness", "shine", "redness"), sensitive=True)
    kept = keep_profile("user", told, most_bytes=500, shelves=world.shelves)
    assert kept.goals == ("redness", "shine")
    keep_profile("user", Profile(), most_bytes=500, shelves=world.shelves)
    assert read_profile("user", shelves=world.shelves) == Profile()


def test_the_goals_of_an_analysis_come_first_and_unknown_fields_are_left() -> None:
    profile = profile_of({"goals": ["redness", "shine"], "later": 1}, goals=("shine",))
    assert profile.goals == ("shine", "redness")


def test_a_profile_nobody_can_read_is_no_empty_one(world: World) -> None:
    world.shelves.save_profile("user", {"allergies": "nuts"})
    with pytest.raises(ProfileUnreadableError):
        read_profile("user", shelves=world.shelves)
