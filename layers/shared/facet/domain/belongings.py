"""What a user told us and owns, as stored: read leniently, since schemas change over years."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import Field

from facet.domain.base import Part
from facet.domain.products import BagItem

# What an app may call a thing it puts somewhere itself: `kitchen-blush-2`, a UUID, a ULID.
ITEM_ID = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"


# Of a page, as its documents are stored. Quotes and backslashes are escaped once more in an answer,
# so that it is twice that at most, and signed URLs: below the 6 MB that Lambda may answer with.
PAGE_BYTES = 2_000_000


class Shelf(StrEnum):
    """Where a user's things lie; the first part of their sort keys."""

    BAG = "BAG"
    WARDROBE = "WARDROBE"
    FEEDBACK = "FEEDBACK"


# On which things are counted: feedback is read up to a megabyte, and nobody can delete it.
COUNTED = frozenset({Shelf.BAG, Shelf.WARDROBE})


@dataclass(frozen=True, slots=True)
class Belongings:
    """A user's stored documents: profile and shelves, each empty where nothing was told yet."""

    profile: Mapping[str, Any]
    bag: tuple[Mapping[str, Any], ...] = ()
    wardrobe: tuple[Mapping[str, Any], ...] = ()
    feedback: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class ShelfPage:
    """A page of a shelf, in the order of the things' ids, and the id the next one starts after."""

    documents: tuple[Mapping[str, Any], ...]  # each with its `item_id`
    next_id: str | None  # None: no more


class BagPage(Part):
    """A page of the bag, in the order of the items' ids."""

    items: tuple[BagItem, ...] = Field(description="In the order of their ids.")
    cursor: str | None = Field(None, description="Send it back for the next page; absent: no more.")
