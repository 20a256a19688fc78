"""A reading as people read it in a terminal: one aligned row a fact."""

from collections.abc import Iterator, Sequence
from typing import Any


def as_text(document: dict[str, Any]) -> str:
    """The rows for what `facet analyze --json` writes of one photo, its failure included."""
    failure = document.get("failure")
    if failure:
        lines = [_title(document["file"], "rejected" if failure["checks"] else "failed")]
        if not failure["checks"]:
            lines += [_row("error", failure["code"]), _row("", failure["message"])]
        lines += _check_rows(failure["checks"])
        return "\n".join(lines) + "\n"

    told, tone, pose = document["telling"], document["skin"]["tone"], document["face"]["pose"]
    low, high = tone["ita_interval"]
    photo = document["photo"]
    monk = "   ".join(
        f"{share['tone']} {_bar(share['share'])} {share['share']:.0%}"
        for share in tone["monk"][:3]
        if share["share"] >= 0.01
    )
    lines = [
        _title(document["file"], document["quality"]["verdict"]),
        _row(
            "skin tone",
            f"{told['headline']}; ITA {tone['ita']:.0f}° ({low:.0f} to {high:.0f}), {tone['hex']}",
        ),
        _row("Monk scale", monk),
        _row("undertone", _shares(tone["undertones"])),
        _row(
            "head",
            ", ".join(
                (
                    _angle(pose["yaw"], "left", "right"),
                    _angle(pose["pitch"], "up", "down"),
                    _angle(pose["roll"], "tilted left", "tilted right"),
                )
            ),
        ),
        *_face_rows(document),
        *_skin_rows(document),
        *_said(told),
        _row("photo", f"{photo['width']} x {photo['height']} px, upright"),
        *_photo_rows(document),
        *_reference_rows(document["quality"]),
        *_check_rows(document["quality"]["checks"]),
    ]
    return "\n".join(lines) + "\n"


def _face_rows(document: dict[str, Any]) -> Iterator[str]:
    face = document["face"]
    if face.get("shape"):
        yield _row("face shape", _shares(face["shape"]))
    seen = [
        f"{colour['feature']} {colour['name']}" for colour in face["colours"] if "name" in colour
    ]
    if seen:
        yield _row("colours", ", ".join(seen))
    if document.get("season"):
        yield _row("season", _shares(document["season"]))


def _skin_rows(document: dict[str, Any]) -> Iterator[str]:
    concerns = document["skin"]["concerns"]
    scored = [concern for concern in concerns if "score" in concern]
    for title, concern in zip(("skin", *[""] * len(scored)), scored, strict=False):
        name, measured = _words(concern["name"]), f"{concern['measured']:g} {concern['unit']}"
        score = f"{concern['score']:3.0f} of 100, {concern['band']}"
        yield _row(title, f"{name:<13}{score:<22}{measured}")
    absent = [_words(concern["name"]) for concern in concerns if "score" not in concern]
    if absent:
        yield _row("not seen", ", ".join(absent))
    if prediction := document.get("prediction"):
        yield _row("condition", _shares(prediction["all_conditions"]))
    for model in document["classifications"]:
        yield _row("model", f"{model['model']} {model['version']}: {_shares(model['labels'])}")


def _said(told: dict[str, Any]) -> Iterator[str]:
    """What stands out, what the measures speak for, and what would settle what is open."""
    yield _row("in words", told["skin"])
    for part in ("undertone", "index", "condition", "season", "shape"):
        if part in told:
            yield _row("", told[part])
    for sentence in told["settle"]:
        yield _row("to settle", sentence)


def _shares(shares: Sequence[dict[str, Any]]) -> str:
    return ", ".join(f"{share['name']} {share['share']:.0%}" for share in shares[:3])


def _words(name: str) -> str:
    return name.replace("_", " ")


def _title(name: str, verdict: str) -> str:
    return f"{name}: {verdict}"


def _row(name: str, value: str) -> str:
    return f"  {name:<12}{value}"


def _check_rows(checks: Sequence[dict[str, Any]]) -> Iterator[str]:
    for check in checks:
        measured, why = check.get("measured"), ""
        if isinstance(measured, str):
            why = f" ({measured})"
        elif measured is not None:
            why = f" ({measured:g} {check['unit']}, limit {check['threshold']:g})"
        yield _row(check["severity"], f"{check['code']}{why}")
        yield _row("", check["hint"])


def _photo_rows(document: dict[str, Any]) -> Iterator[str]:
    """Of several photos of one face, what became of each."""
    names = document.get("files", ())
    for title, photo in zip(("of one face", *[""] * len(names)), document["photos"], strict=False):
        told = ["kept" if photo["kept"] else photo["status"]]
        told += [check["code"] for check in photo["checks"] if check["severity"] == "reject"]
        yield _row(title, f"{names[photo['index']]}: {', '.join(told)}")


def _reference_rows(quality: dict[str, Any]) -> Iterator[str]:
    if reference := quality.get("reference"):
        yield _row("reference", f"{_words(reference['kind'])}, {_words(reference['status'])}")
        yield _row("", reference["hint"])


def _bar(share: float) -> str:
    return "█" * max(1, round(share * 10))


def _angle(degrees: float, positive: str, negative: str) -> str:
    return f"{abs(degrees):.0f}° {positive if degrees >= 0 else negative}"
