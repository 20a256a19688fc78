"""Whatever is put somewhere lies where an erasure looks."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

from facet.domain import places
from facet.domain.places import PLACES, garment_owner_of, is_garment, owner_of

PACKAGE = Path(__file__).parents[2] / "layers" / "shared" / "facet"
KEYS = {
    name: function
    for name, function in inspect.getmembers(places, inspect.isfunction)
    if name.endswith(("_key", "_keys"))
}


def made(name: str) -> tuple[str, ...]:
    parameters = inspect.signature(KEYS[name]).parameters
    keys = KEYS[name](*("user" if each == "user_id" else each for each in parameters))
    return keys if isinstance(keys, tuple) else (keys,)


def texts(path: Path) -> Iterator[str]:
    """Every string of a module but its docstrings."""
    tree = ast.parse(path.read_text())
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in docstrings:
            yield str(node.value)


@pytest.mark.parametrize("name", KEYS)
def test_every_key_lies_below_a_prefix_that_an_erasure_walks(name: str) -> None:
    walked = tuple(place.of_user("user") for place in PLACES)
    assert all(key.startswith(walked) for key in made(name)), name


def test_there_is_a_key_for_every_place_and_no_other() -> None:
    lie = {key.rpartition("user/")[0] for name in KEYS for key in made(name)}
    assert lie == {f"{place.prefix}/" for place in PLACES}


def test_what_is_drawn_on_an_analysis_lies_below_the_prefixes_that_its_deletion_walks() -> None:
    walked = places.drawn_prefixes("user", "analysis")
    overlay = places.overlay_key("user", "analysis", "redness")
    drawn = (*places.look_keys("user", "analysis", "look-1"), overlay)
    assert all(key.startswith(walked) for key in drawn)
    assert not places.photo_key("user", "analysis").startswith(walked)


def test_prefixes_do_not_hold_each_other() -> None:
    """Nor does one user's folder hold another's, whose id starts alike."""
    for bucket in ("uploads", "media"):
        prefixes = [place.of_user("user") for place in PLACES if place.bucket == bucket]
        assert len(set(prefixes)) == len(prefixes)
        assert all(prefix.endswith("/user/") for prefix in prefixes)


def test_the_owner_is_read_off_a_key() -> None:
    assert owner_of(places.face_key("user", "id")) == ("user", "id")
    assert owner_of(places.face_key("user", "id", 2)) == ("user", "id")
    assert owner_of(places.photo_key("user", "id")) == ("user", "id")
    assert garment_owner_of(places.garment_upload_key("user", "id", "sum")) == ("user", "id")
    for photo in ("1f", None):
        key = places.garment_picture_key("user", "id", photo)
        assert garment_owner_of(key) == ("user", "id")
        assert key.startswith(places.garment_pictures("user", "id"))
    assert is_garment(places.garment_upload_key("user", "id", "sum"))
    assert not is_garment(places.photo_key("user", "id"))


def test_the_first_of_several_photos_lies_where_one_alone_does() -> None:
    assert places.face_key("user", "id", 0) == places.face_key("user", "id") == "faces/user/id"
    assert len({places.face_key("user", "id", number) for number in range(3)}) == 3


@pytest.mark.parametrize("key", ["faces/user", "looks/user/id", "faces//id", "photos/user/", "x"])
def test_no_owner_is_read_off_another_key(key: str) -> None:
    with pytest.raises(ValueError, match=r"faces or photos|unpack"):
        owner_of(key)
    with pytest.raises(ValueError, match=r"garments|unpack"):
        garment_owner_of(key)


def test_a_key_is_spelt_in_one_module() -> None:
    prefixes = tuple({f"{place.prefix}/" for place in PLACES} | {places.CATALOGUE_SNAPSHOT})
    spelt = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        for text in texts(path)
        if text.startswith(prefixes)
    }
    assert spelt <= {"domain/places.py"}
