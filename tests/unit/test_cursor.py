"""Cursors: opaque, and good for one user and one listing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facet.domain.cursor import Cursors
from facet.domain.errors import PermanentError

CURSORS = Cursors("a secret")


@given(position=st.text(max_size=300), listing=st.text(), user=st.text())
def test_a_cursor_comes_back_as_the_position_it_was_made_of(
    position: str, listing: str, user: str
) -> None:
    cursor = CURSORS.sign(user, listing, position)

    assert CURSORS.read(user, listing, cursor) == position
    assert set(cursor) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@pytest.mark.parametrize(
    ("cursors", "user", "listing"),
    [
        (CURSORS, "somebody else", "bag"),
        (CURSORS, "me", "wardrobe"),
        (Cursors("another secret"), "me", "bag"),
    ],
)
def test_another_user_listing_or_secret_cannot_read_it(
    cursors: Cursors, user: str, listing: str
) -> None:
    with pytest.raises(PermanentError, match="invalid_cursor"):
        cursors.read(user, listing, CURSORS.sign("me", "bag", "here"))


@given(st.text())
def test_what_was_never_signed_is_refused(text: str) -> None:
    with pytest.raises(PermanentError, match="invalid_cursor"):
        CURSORS.read("me", "bag", text)


@given(at=st.integers(0, 500), bit=st.integers(0, 5))
def test_one_changed_letter_spoils_it(at: int, bit: int) -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    cursor = CURSORS.sign("me", "bag", "01JD8Z")  # 22 bytes: no bits to spare but the last two
    at %= len(cursor) - 1
    changed = cursor[:at] + letters[letters.index(cursor[at]) ^ (1 << bit)] + cursor[at + 1 :]

    with pytest.raises(PermanentError, match="invalid_cursor"):
        CURSORS.read("me", "bag", changed)
