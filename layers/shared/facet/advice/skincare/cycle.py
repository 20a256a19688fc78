"""The first week of a routine as a calendar: which evening what, when the skin rests, how to begin.

What the days are was decided by facet.advice.skincare.week; here they are only laid out.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from facet.advice.skincare.load import is_for_eyes
from facet.advice.skincare.read import Brief
from facet.advice.skincare.routine import SESSIONS, Choice
from facet.advice.skincare.week import DAYS, Placed
from facet.catalogue.catalogue import Item
from facet.domain.advice import CalendarSession, CalendarUse, Note, ProductRef, RoutineCalendar
from facet.domain.products import Session
from facet.saying import say


def calendar_of(brief: Brief, choice: Choice) -> RoutineCalendar:
    """Seven mornings and evenings in order, and what to know about beginning."""
    strong = choice.week.load.evenings_of(p for p in choice.week.placed if not _for_eyes(p))
    recovery = tuple(day for day in DAYS if strong and day not in strong)
    days = (
        _session(brief, choice, session, day, recovery=recovery)
        for day in DAYS
        for session in SESSIONS
    )
    return RoutineCalendar(
        sessions=tuple(days), recovery_evenings=recovery, advice=tuple(_advice(brief, choice))
    )


def _for_eyes(placed: Placed) -> bool:
    return is_for_eyes(placed.item)


def _session(
    brief: Brief, choice: Choice, session: Session, day: int, *, recovery: tuple[int, ...]
) -> CalendarSession:
    placed = [p for p in choice.in_order(session) if day in p.days]
    load = choice.week.load
    strong = [p.item.name for p in placed if load.strains(p.item) and not _for_eyes(p)]
    kind = "treatment" if strong else "base"
    if session == "pm" and day in recovery:
        kind = "recovery"
    return CalendarSession.model_validate(
        {
            "day": day,
            "session": session,
            "kind": kind,
            "text": say(f"routine.calendar.{session}.{kind}", day=day, names=", ".join(strong)),
            "uses": [_use(brief.rules, p.item) for p in placed],
        }
    )


def _use(rules: Mapping[str, Any], item: Item) -> CalendarUse:
    product = ProductRef(
        product_id=item.product_id, item_id=item.item_id, name=item.name, category=item.category
    )
    waits = [int(rule["minutes"]) for rule in rules["wait"] if rule["tag"] in item.tags]
    return CalendarUse(
        step=item.step or "treat", product=product, wait_minutes=max(waits, default=0)
    )


def _advice(brief: Brief, choice: Choice) -> Iterator[Note]:
    """How to begin with what is new; nothing where nothing is."""
    new = [p.item for p in choice.week.placed if p.new]
    if not new:
        return
    tags = frozenset().union(*(item.tags for item in new))
    names = ", ".join(dict.fromkeys(item.name for item in new))
    for rule in brief.rules["advice"]:
        families = rule.get("families", ())
        if not families or tags & set(families):
            text = say(f"routine.calendar.{rule['code']}", names=names)
            yield Note(code=rule["code"], text=text, sources=(rule["source"],))
    for item in new:
        for rule in brief.rules["wait"]:
            if rule["tag"] in item.tags:
                text = say("routine.calendar.wait", name=item.name, minutes=rule["minutes"])
                yield Note(code="wait", text=text, item_id=item.item_id, sources=(rule["source"],))
