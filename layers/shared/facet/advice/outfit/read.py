"""Stored rows of a wardrobe and of feedback, read warily into the brief of an outfit.

Numbers are in wardrobe.toml.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from pydantic import BaseModel, ValidationError

from facet.advice.harmony import Palette
from facet.advice.occasions import occasion_of
from facet.advice.outfit.wardrobe import BASE, Brief, name_of, pieces_of, rules
from facet.catalogue.words import fold
from facet.domain.advice import Note, Profile
from facet.domain.analysis import Kind
from facet.domain.face import FaceReading
from facet.domain.style import Feedback, Garment, Weather
from facet.saying import say

type Row = Mapping[str, Any]


def brief_of(
    reading: FaceReading | None,
    profile: Profile,
    wardrobe: Sequence[Garment | Row],
    feedback: Sequence[Feedback | Row],
    occasion: str | None,
    *,
    weather: Weather | None,
    today: date | None,
) -> tuple[Brief, tuple[Note, ...]]:
    """The brief, and a note for every row, garment or word that was left out of it."""
    asked, unknown = _occasion(occasion)
    opinions, unreadable = _opinions(feedback)
    garments, unread = _garments(wardrobe)
    allowed, avoided = _allowed(garments, profile)
    fresh, resting = _fresh(allowed, opinions, today)
    palette = Palette(reading)
    brief = Brief(
        rules=rules(),
        occasion=asked,
        weather=weather,
        palette=palette,
        owned=tuple(garments),
        opinions=tuple(opinions),
        pieces=tuple(pieces_of(fresh, palette, _likings(opinions, today))),
        rejected=frozenset(_rejected(opinions, garments, today)),
    )
    return brief, (*unknown, *unreadable, *unread, *avoided, *resting)


# --- rows ----------------------------------------------------------------------------------------


def _occasion(words: str | None) -> tuple[str, list[Note]]:
    """The occasion that was asked for; every day, with a note, where the words name none."""
    if occasion := occasion_of(words):
        return occasion, []
    text = say("outfit.unknown_occasion", occasion=words)
    return "everyday", [Note(code="unknown_occasion", text=text)]


def _opinions(feedback: Iterable[Feedback | Row]) -> tuple[list[Feedback], list[Note]]:
    """Accepted, rejected or worn outfits, and a note for each row that cannot be read.

    A rating or a comment alone says nothing of what to wear, nor does a word on a product.
    """
    rows = [row for row in feedback if isinstance(row, Feedback) or _on_an_outfit(row)]
    return _read(Feedback, rows, "feedback_unreadable", say("outfit.feedback_unreadable"))


def _on_an_outfit(row: Any) -> bool:
    if not isinstance(row, Mapping):
        return True  # to be reported
    of_an_outfit = row.get("kind", Kind.OUTFIT) == Kind.OUTFIT and "product_id" not in row
    return of_an_outfit and "verdict" in row


def _garments(wardrobe: Iterable[Garment | Row]) -> tuple[list[Garment], list[Note]]:
    """Garments whose colours are known, and a note for every other row."""
    rows, notes = [], []
    for row in wardrobe:
        if isinstance(row, Mapping) and row.get("photo") and not row.get("colours"):
            notes.append(_without_colours(row))
        else:
            rows.append(row)
    garments, unreadable = _read(
        Garment, rows, "garment_unreadable", say("outfit.garment_unreadable")
    )
    return garments, [*notes, *unreadable]


def _without_colours(row: Row) -> Note:
    """The note on a garment whose photo is to tell its colours and has not."""
    name = row.get("name") or row.get("category") or say("outfit.unnamed_garment")
    return Note(
        code="garment_not_read",
        text=say("outfit.garment_not_read", name=name),
        item_id=str(row.get("item_id", "")) or None,
    )


def _read[T: BaseModel](
    model: type[T], rows: Iterable[T | Row], code: str, text: str
) -> tuple[list[T], list[Note]]:
    """Rows as the model has them, and a note of this code and text for each that is not one."""
    read: list[T] = []
    notes: list[Note] = []
    for row in rows:
        try:
            read.append(row if isinstance(row, model) else model.model_validate(dict(row)))
        except (ValidationError, TypeError, ValueError):
            item_id = row.get("item_id") if isinstance(row, Mapping) else None
            named = item_id if isinstance(item_id, str) else None
            notes.append(Note(code=code, text=text, item_id=named))
    return read, notes


# --- what may be worn ----------------------------------------------------------------------------


def _allowed(garments: Iterable[Garment], profile: Profile) -> tuple[list[Garment], list[Note]]:
    """Garments not called by what the person is allergic to or avoids ('wool jumper')."""
    terms = (*profile.allergies, *profile.avoided_ingredients)
    avoided = [words for term in terms if (words := " ".join(fold(term)))]
    allowed, notes = [], []
    for garment in garments:
        words = " ".join(fold(f"{garment.name or ''} {garment.category}"))
        # From the start of a word: wool is also in woollen.
        if any(f" {term}" in f" {words}" for term in avoided):
            text = say("outfit.avoided_material", name=name_of(garment))
            notes.append(Note(code="avoided_material", text=text, item_id=garment.item_id))
        else:
            allowed.append(garment)
    return allowed, notes


def _fresh(
    garments: Sequence[Garment], opinions: Iterable[Feedback], today: date | None
) -> tuple[Sequence[Garment], list[Note]]:
    """Garments that were not worn within their slot's days, and a note on how many rest."""
    if today is None:
        return garments, []
    rule, worn = rules()["repeat"], _days_worn(garments, opinions)
    fresh = [
        garment
        for garment in garments
        if not any(0 <= (today - d).days < rule[garment.slot] for d in worn[garment.item_id])
    ]
    resting = len(garments) - len(fresh)
    if not resting:
        return fresh, []
    if resting == 1:
        text = say("outfit.worn_lately_one")
    else:
        text = say("outfit.worn_lately", count=resting)
    return fresh, [Note(code="worn_lately", text=text, sources=(rule["source"],))]


def _days_worn(garments: Iterable[Garment], opinions: Iterable[Feedback]) -> dict[str, list[date]]:
    """Item id -> the days a garment was worn, by its own row and by what was said since."""
    days = {g.item_id: [g.last_worn] if g.last_worn else [] for g in garments}
    for opinion in opinions:
        if opinion.verdict == "worn":
            for item_id in opinion.item_ids:
                days.get(item_id, []).append(opinion.on)
    return days


def _likings(opinions: Iterable[Feedback], today: date | None) -> dict[str, float]:
    """Item id -> liking -1..1: every verdict on it, half as much after each half-life."""
    rule = rules()["feedback"]
    likings: dict[str, float] = {}
    for opinion in opinions:
        weight = rule[opinion.verdict] * 0.5 ** (_age(opinion, today) / rule["half_life_days"])
        for item_id in opinion.item_ids:
            likings[item_id] = min(1.0, max(-1.0, likings.get(item_id, 0.0) + weight))
    return likings


def _rejected(
    opinions: Iterable[Feedback], garments: Iterable[Garment], today: date | None
) -> set[frozenset[str]]:
    """Bases of outfits that were rejected lately and not accepted or worn since."""
    days = rules()["feedback"]["rejected_days"]
    base_ids = frozenset(g.item_id for g in garments if g.slot in BASE)
    last: dict[frozenset[str], str] = {}
    for opinion in sorted(opinions, key=lambda row: row.on):
        if _age(opinion, today) < days:
            last[base_ids.intersection(opinion.item_ids)] = opinion.verdict
    return {base for base, verdict in last.items() if verdict == "reject"}


def _age(opinion: Feedback, today: date | None) -> int:
    """Days since the opinion was given; one that is dated later counts as given today."""
    return max(0, (today - opinion.on).days) if today else 0
