"""The result document as a page, its pictures inside; and the words for it that the demo prints."""

import base64
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any

import jinja2

from facet.domain.analysis import Kind

# The Monk Skin Tone scale, lightest first, as published at skintone.google (CC BY 4.0).
MONK = (
    "#f6ede4",
    "#f3e7db",
    "#f7ead0",
    "#eadaba",
    "#d7bd96",
    "#a07e56",
    "#825c43",
    "#604134",
    "#3a312a",
    "#292420",
)
ITA_ENDS = (80, -60)  # degrees: what the drawn axis shows of the two open classes


@dataclass(frozen=True)
class Pictures:
    """What the pipeline drew: JPEGs, and transparent PNGs of the photo's size by concern."""

    photo: bytes | None = None
    looks: Sequence[bytes | None] = ()  # before and after, in the order of the document
    overlays: Mapping[str, bytes] = field(default_factory=dict)


def words(code: str) -> str:
    """face_angle_left -> Face angle left."""
    return code.replace("_", " ").capitalize()


def number(value: float | str | None, unit: str) -> str:
    """A measured value as people write it; empty for None."""
    if value is None or isinstance(value, str):
        return value or ""
    text = f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.2g}"
    return text if unit in ("", "ratio", "probability") else f"{text} {unit}"


def measured(check: Mapping[str, Any]) -> str:
    return number(check.get("measured"), check["unit"])


def limit(check: Mapping[str, Any]) -> str:
    return number(check.get("threshold"), check["unit"])


def headline(document: Mapping[str, Any]) -> str:
    """The whole answer in a few words."""
    if document["status"] != "completed":
        return "This photo could not be analysed"
    told: Mapping[str, str] = document.get("telling") or {}
    return told.get("headline", "Your result")


def tone_line(tone: Mapping[str, Any]) -> str:
    low, high = tone["ita_interval"]
    return f"{tone['hex']}, ITA {tone['ita']:.0f}° ({low:.0f}° to {high:.0f}°)"


def here(tone: Mapping[str, Any]) -> list[str]:
    """The class of a tone, or those that its photo leaves open."""
    name = tone.get("ita_class")
    return [name] if name else list((tone.get("open") or {}).get("classes", ()))


def flat(versions: Mapping[str, Any]) -> dict[str, str]:
    """Versions by name, those of a nested table beside the others."""
    by_name: dict[str, str] = {}
    for name, version in versions.items():
        by_name |= version if isinstance(version, Mapping) else {name: version}
    return by_name


def by_score(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The concerns that were measured, lowest score first."""
    concerns = (document.get("skin") or {}).get("concerns", ())
    scored = (concern for concern in concerns if concern.get("score") is not None)
    return sorted(scored, key=lambda concern: concern["score"])


def centre(polygon: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Mean of the corners."""
    return (
        sum(x for x, _ in polygon) / len(polygon),
        sum(y for _, y in polygon) / len(polygon),
    )


def face_view(
    concerns: Sequence[Mapping[str, Any]], width: int, height: int
) -> tuple[float, float, float, float] | None:
    """(left, top, width, height): a square round the regions, pixels of the photo.

    Narrower where the photo ends; None where no concern has an outline.
    """
    points = [
        point
        for concern in concerns
        for region in concern.get("regions", ())
        for point in region["polygon"]
    ]
    if not points:
        return None
    xs, ys = zip(*points, strict=True)
    half = 0.8 * max(max(xs) - min(xs), max(ys) - min(ys))
    x, y = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
    left, top = max(x - half, 0), max(y - half, 0)
    right, bottom = min(x + half, width), min(y + half, height)
    return left, top, right - left, bottom - top


def sources_of(
    results: Mapping[str, Mapping[str, Any]],
) -> tuple[list[Mapping[str, Any]], dict[str, dict[str, int]]]:
    """(every source once, its number by kind of advice and id); ids are of one kind only."""
    listed: list[Mapping[str, Any]] = []
    numbers: dict[str, dict[str, int]] = {}
    for kind, result in results.items():
        numbers[kind] = {}
        for source in result.get("sources", ()):
            places = [cited["title"] for cited in listed]
            if source["title"] not in places:
                listed.append(source)
                places.append(source["title"])
            numbers[kind][source["id"]] = places.index(source["title"]) + 1
    return listed, numbers


def turns(pose: Mapping[str, float]) -> list[tuple[str, float, str, str]]:
    """(axis, degrees, word if positive, word if negative), from the person's own side."""
    return [
        ("Turned", pose["yaw"], "to their left", "to their right"),
        ("Raised", pose["pitch"], "up", "down"),
        ("Tilted", pose["roll"], "to their left", "to their right"),
    ]


def gaps(skincare: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The suggestions that are not steps of the routine already."""
    steps = (*skincare.get("am", ()), *skincare.get("pm", ()))
    named = {step["product"]["name"] for step in steps}
    suggestions = skincare.get("suggestions", ())
    return [gap for gap in suggestions if gap["product"]["name"] not in named]


def ita_axis() -> tuple[list[str], list[float]]:
    """(classes, lightest first; their bounds in degrees, one more than there are classes)."""
    text = resources.files("facet.domain").joinpath("tone.toml").read_text()
    table = tomllib.loads(text)["ita"]
    return table["classes"], [ITA_ENDS[0], *table["limits"], ITA_ENDS[1]]


def ita_place(ita: float) -> float:
    """Where an ITA lies on an axis that gives every class the same width, percent from the left."""
    _, bounds = ita_axis()
    ita = min(max(ita, bounds[-1]), bounds[0])
    for index, (upper, lower) in enumerate(pairwise(bounds)):
        if ita >= lower:
            return 100 * (index + (upper - ita) / (upper - lower)) / (len(bounds) - 1)
    raise AssertionError("the bounds cover the clipped value")


def render(
    document: Mapping[str, Any],
    seconds: Mapping[str, float],
    pictures: Pictures,
    sample: str | None = None,
) -> str:
    """One self-contained HTML page.

    seconds: how long each state took. sample: the file that what the person owns
    was made up in, which the page then says.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "words": words,
        "measured": measured,
        "limit": limit,
        "number": number,
        "centre": centre,
        "ita": ita_place,
        "gaps": gaps,
    }
    failure = document.get("failure")
    skin = document.get("skin") or {}
    tone = skin.get("tone")
    advice = document.get("recommendations") or {}
    # As the page shows them, so that its sources count up. A kind is drawn by advice/KIND.html,
    # one without a page of its own by advice/any.html.
    order = [*Kind, *sorted(set(advice) - set(Kind))]
    results = {str(kind): advice[kind] for kind in order if kind in advice}
    concerns = by_score(document)
    photo = document.get("photo")
    sources, cited = sources_of(results)
    return environment.get_template("report.html").render(
        document=document,
        seconds=seconds,
        headline=headline(document),
        failure=failure,
        tone=tone,
        told=document.get("telling") or {},
        here=here(tone) if tone else [],
        checks=(failure or document["quality"])["checks"],
        ita_classes=ita_axis()[0],
        monk=MONK,
        monk_shares={share["tone"]: share["share"] for share in tone["monk"]} if tone else {},
        concerns=concerns,
        unmeasured=[row for row in skin.get("concerns", ()) if row.get("score") is None],
        view=face_view(concerns, photo["width"], photo["height"]) if photo else None,
        versions=flat(document.get("versions") or {}),
        results=results,
        turns=turns(document["face"]["pose"]) if document.get("face") else (),
        sources=sources,
        cited=cited,
        sample=sample,
        picture=_inline(pictures.photo),
        pairs=[_inline(pair) for pair in pictures.looks],
        overlays={name: _inline(data) for name, data in pictures.overlays.items()},
        raw=json.dumps(document, indent=2),
    )


def _inline(picture: bytes | None) -> str | None:
    return base64.b64encode(picture).decode() if picture else None
