"""Advice as people read it in a terminal: a page a case."""

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

WIDTH = 98
SESSIONS = (("morning", "am"), ("evening", "pm"))

type Document = Mapping[str, Any]


def as_page(place: str, answer: Document) -> str:
    """The page for what `facet advise --json` writes of one case, its failure included.

    place: where the case stands, for the title.
    """
    if failure := answer.get("failure"):
        lines = [f"{place}: {failure['code']}", *_told("", [failure["message"]])]
        lines += _told("", (f"{e['field']}: {e['message']}" for e in failure.get("errors", ())[1:]))
        lines += _told("", (check["hint"] for check in failure["checks"]))
        return "\n".join(lines) + "\n"
    words = answer["enhanced_analysis"]
    lines = [f"{place}: advised", *_told("summary", [words["summary"]])]
    for kind, result in answer["recommendations"].items():
        lines += ["", f"  {kind}: {result['status']}", *_result(result)]
    lines += ["", *_told("in short", words["recommendations"])]
    return "\n".join(lines) + "\n"


def _result(result: Document) -> Iterator[str]:
    if result["status"] == "failed":
        yield from _told("", [result["message"]])
        return
    yield from _told("based on", result["based_on"])
    for title, session in SESSIONS:
        yield from _told(title, map(_step, result.get(session, ())), numbered=True)
    yield from _week(result.get("calendar", {}))
    for look in result.get("looks", ()):
        yield from _told("look", [f"{look['name']}, for {_words(look['occasion'])}"])
        yield from _told("", map(_look_step, look["steps"]), numbered=True)
    for outfit in result.get("outfits", ()):
        names = ", ".join(item["name"] for item in outfit["items"])
        why = " ".join(reason["text"] for reason in outfit["why"])
        yield from _told("outfit", [f"{names}. {why}"])
    yield from _told("to get", map(_suggestion, result.get("suggestions", ())))
    yield from _told("doctor", (note["text"] for note in result.get("see_doctor", ())))
    yield from _told("note", map(_note, result.get("notes", ())))


def _step(step: Document) -> str:
    whose = "own" if step["owned"] else "to get"
    why = " ".join(reason["text"] for reason in step["why"])
    cautions = " ".join(step["cautions"])
    often = f"{step['product']['name']} ({whose}), {step['how_often']}."
    return " ".join(filter(None, (f"{_words(step['step'])}:", often, why, cautions)))


def _week(calendar: Document) -> Iterator[str]:
    """The mornings and evenings that are not as all others, and how to begin."""
    special = (row for row in calendar.get("sessions", ()) if row["kind"] != "base")
    yield from _told("week", (row["text"] for row in special))
    yield from _told("begin", (note["text"] for note in calendar.get("advice", ())))


def _look_step(step: Document) -> str:
    whose = "own" if "item_id" in step else "to get"
    where = ", ".join(map(_words, step["regions"]))
    return f"{_words(step['category'])}: {step['name']}, {step['hex']} ({whose}), on {where}."


def _suggestion(suggestion: Document) -> str:
    if "product" not in suggestion:  # of an outfit: a garment nobody sells here
        return str(suggestion["text"])
    return f"{suggestion['product']['name']}, for {_words(suggestion['gap'])}"


def _note(note: Document) -> str:
    about = f" {note['item_id']}" if "item_id" in note else ""
    return f"[{note['code']}{about}] {note['text']}"


def _told(title: str, texts: Iterable[str], *, numbered: bool = False) -> Iterator[str]:
    """A titled list, wrapped: the title stands beside its first text."""
    for number, text in enumerate(texts, start=1):
        head = f"  {title if number == 1 else '':<10}"
        mark = f"{number} " if numbered else ""
        yield textwrap.fill(
            mark + text,
            WIDTH,
            initial_indent=head,
            subsequent_indent=" " * (len(head) + len(mark)),
            break_long_words=False,
        )


def _words(name: str) -> str:
    return name.replace("_", " ")
