"""The result document as a page, its pictures inside; and the words for it that the demo prints."""

import base64
import json
import tomllib
from collections.abc import Mapping
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any

import jinja2

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
    tone = document["skin"]["tone"]
    return f"{tone['ita_class'].capitalize()} skin, {tone['undertone']} undertone"


def tone_line(tone: Mapping[str, Any]) -> str:
    low, high = tone["ita_interval"]
    return f"{tone['hex']}, ITA {tone['ita']:.0f}° ({low:.0f}° to {high:.0f}°), {tone['ita_class']}"


def flat(versions: Mapping[str, Any]) -> dict[str, str]:
    """Versions by name, those of a nested table beside the others."""
    found: dict[str, str] = {}
    for name, version in versions.items():
        found |= version if isinstance(version, Mapping) else {name: version}
    return found


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
    return [one for one in skincare.get("suggestions", ()) if one["product"]["name"] not in named]


def ita_axis() -> tuple[list[str], list[float]]:
    """(classes, lightest first; their bounds in degrees, one more than there are classes)."""
    text = resources.files("facet.vision").joinpath("tone.toml").read_text()
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


def render(document: Mapping[str, Any], seconds: Mapping[str, float], picture: bytes | None) -> str:
    """One self-contained HTML page; `picture` is a JPEG, `seconds` how long each state took."""
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
        "ita": ita_place,
    }
    failure = document.get("failure")
    tone = (document.get("skin") or {}).get("tone")
    skincare = document.get("recommendations", {}).get("skincare")
    sources = skincare.get("sources", ()) if skincare else ()
    return environment.get_template("report.html").render(
        document=document,
        seconds=seconds,
        headline=headline(document),
        failure=failure,
        tone=tone,
        checks=(failure or document["quality"])["checks"],
        ita_classes=ita_axis()[0],
        monk=MONK,
        monk_shares={one["tone"]: one["share"] for one in tone["monk"]} if tone else {},
        concerns=[
            one for one in (document.get("skin") or {}).get("concerns", ()) if "score" in one
        ],
        versions=flat(document.get("versions") or {}),
        skincare=skincare,
        suggestions=gaps(skincare) if skincare else (),
        turns=turns(document["face"]["pose"]) if document.get("face") else (),
        cited={source["id"]: number for number, source in enumerate(sources, start=1)},
        picture=base64.b64encode(picture).decode() if picture else None,
        raw=json.dumps(document, indent=2),
    )
