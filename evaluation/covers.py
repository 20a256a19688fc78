"""What lies over a face, and skin that only looks unlike the rest, drawn on a photo by its mesh.

COVERS (masks, panels) are to be refused, SKINS (birthmarks, vitiligo, beards, bars over the eyes)
to be analysed. Colour, cloth, edge, shading and place differ from photo to photo: what a drawing is
like follows from a generator seeded with the photo's name. Even photos were tuned on, odd ones are
judged. `python -m evaluation.covers` prints these figures alone; `make evaluate` has them among its
own.
"""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageColor, ImageDraw
from scipy import ndimage

from evaluation.edits import HAEMOGLOBIN, MELANIN, Canvas, Floats, Pixels, as_jpeg, retint
from evaluation.judge import Finding, limits
from evaluation.measure import models
from evaluation.photos import folder
from evaluation.takes import AGES, CLOSEUPS, PORTRAITS, Source, sources
from evaluation.workers import each
from facet import colour
from facet.domain.errors import PhotoRejectedError
from facet.domain.tone import monk_limits
from facet.vision.analyze import analyze_photo
from facet.vision.face.landmarks import part
from facet.vision.photo.decode import decode
from facet.vision.photo.gates import Gates, load_gates

Random = np.random.Generator
Draw = Callable[[Canvas, Random], Pixels]

# The outline from the left ear over the jaw to the right ear.
_JAW = (323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136, 172, 58, 132, 93)
# Where a beard ends above, from the right sideburn to the left.
_BEARD = (215, 207, 216, 206, 98, 2, 327, 426, 436, 427, 435)
_SHORT_BEARD = (172, 138, 135, 212, 57, 165, 98, 2, 327, 391, 287, 432, 364, 367, 397)
_CLOTH = {
    "pale blue": "#a9c9e0",
    "white": "#eeeeee",
    "black": "#1b1b1d",
    "beige": "#d3b295",
    "pink": "#e3a9a6",
    "grey": "#8d9094",
}
_SKINLIKE = ("#c8a17c", "#b78a63", "#d9b48f", "#8a5f43", "#5c3d2c")
_PANELS: Mapping[str, Sequence[str]] = {
    "white": ("#f2f2f0", "#ffffff"),
    "grey": ("#808080", "#5b5f63", "#b9b9b9"),
    "black": ("#000000", "#161616"),
    "coloured": ("#2f6fb3", "#b3261e", "#2e7d4f", "#e7c23a", "#7d3c98"),
    "cardboard": _SKINLIKE,
    "own skin": (),
}


def mask(canvas: Canvas, draw: Random, cloth: str) -> Pixels:
    """A surgical or cloth mask from the bridge of the nose to below the chin."""
    at, mm = canvas.points, canvas.px_per_mm
    top = [
        at[draw.choice((227, 234, 93))],
        at[draw.choice((116, 117, 123, 50))],
        at[draw.choice((6, 197, 195, 5))],
        at[draw.choice((345, 346, 352, 280))],
        at[draw.choice((447, 454, 323))],
    ]
    middle = at.mean(axis=0)
    jaw = at[list(_JAW)]
    jaw = jaw + (jaw - middle) * draw.uniform(0.0, 0.12)
    outline = np.array([*top, *jaw]) + draw.normal(0, 1.2 * mm, (len(top) + len(jaw), 2))
    over = _filled(canvas, outline, soft=draw.choice((0.0, 0.3, 0.8)))
    return _laid(canvas, draw, over, _cloth(canvas, draw, cloth), pleats=draw.random() < 0.5)


def half(canvas: Canvas, draw: Random, kind: str) -> Pixels:
    """A flat panel before the right or the left half of the face."""
    at, mm = canvas.points, canvas.px_per_mm
    down = _turned(_down(canvas), draw.uniform(-12, 12))
    across = np.asarray(np.array([-down[1], down[0]]) * draw.choice((-1, 1)), float)
    start = at[168] - across * draw.uniform(-6, 6) * mm
    return _laid(
        canvas,
        draw,
        _half_plane(canvas, draw, start, across),
        _panel(canvas, draw, kind),
        pleats=False,
    )


def lower(canvas: Canvas, draw: Random, kind: str) -> Pixels:
    """A card, a book or a scarf before everything below the nose's bridge."""
    at, mm = canvas.points, canvas.px_per_mm
    down = _down(canvas)
    turned = _turned(down, draw.uniform(-10, 10))
    start = at[draw.choice((195, 5, 4))] + draw.uniform(-3, 3) * mm * down
    over = _half_plane(canvas, draw, start, turned)
    return _laid(canvas, draw, over, _panel(canvas, draw, kind), pleats=False)


def _down(canvas: Canvas) -> Floats:
    """The face's own direction from forehead to chin, of length 1."""
    down = canvas.points[152] - canvas.points[10]
    return np.asarray(down / np.linalg.norm(down))


def _turned(direction: Floats, degrees: float) -> Floats:
    turn = np.radians(degrees)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return np.asarray(matrix @ direction)


# --- skin that is not covered --------------------------------------------------------------------


def port_wine(canvas: Canvas, draw: Random) -> Pixels:
    """A map-like patch of blood over one cheek and what lies around it."""
    depth = draw.uniform(0.5, 1.1) * _map_like(canvas, draw, _one_side(canvas, draw))
    return canvas.absorbed(depth, HAEMOGLOBIN + np.float32(0.12))


def naevus(canvas: Canvas, draw: Random) -> Pixels:
    """A map-like patch of melanin over one cheek and what lies around it."""
    depth = draw.uniform(0.4, 0.9) * _map_like(canvas, draw, _one_side(canvas, draw))
    return canvas.absorbed(depth, MELANIN)


def vitiligo(canvas: Canvas, draw: Random) -> Pixels:
    """Patches without melanin around the mouth and the eyes, on a cheek and the forehead."""
    names = ["forehead", "right_cheek", "left_cheek", "chin", "upper_lip", "right_under_eye"]
    chosen = draw.choice(names, 4, replace=False)
    field = _map_like(canvas, draw, canvas.area(*chosen, soft=2.0))
    cheeks = canvas.area("right_cheek", "left_cheek", soft=0.5) > 0.5
    skin = np.median(canvas.linear[cheeks], axis=0)
    # As far as skin without melanin is light, at the most.
    most = float(np.log(0.62 / max(float(skin[1]), 1e-3)) / MELANIN[1])
    depth = min(draw.uniform(0.5, 1.4), max(most, 0.1))
    return canvas.absorbed(-depth * field, MELANIN)


def burn(canvas: Canvas, draw: Random) -> Pixels:
    """A large mottled scar, pink and pale, over one half of the face."""
    place = _map_like(canvas, draw, _one_side(canvas, draw))
    mottle = _noise(canvas, draw, 2.5)
    depth = place * (0.45 + 0.3 * mottle)
    return canvas.absorbed(depth, HAEMOGLOBIN - np.float32(0.15))


def acne(canvas: Canvas, draw: Random) -> Pixels:
    """Very many red spots on a flush."""
    field = _noise(canvas, draw, 0.9)
    spots = np.clip((field - 1.0) / 0.6, 0, 1)
    return canvas.absorbed((0.25 + 0.7 * spots) * canvas.skin, HAEMOGLOBIN)


def beard(canvas: Canvas, draw: Random) -> Pixels:
    """Hair over jaw, chin and lip, high or short, thin or full; black, brown, red or grey."""
    at = canvas.local
    above = list(_BEARD if draw.random() < 0.6 else _SHORT_BEARD)
    jaw = at[list(_JAW)]
    jaw = jaw + (jaw - at.mean(axis=0)) * draw.uniform(0.0, 0.1)
    outline = np.array([*jaw, *at[above]])
    place = canvas.mask([outline]) * (1 - canvas.mask([at[part("lips")]]))
    place = ndimage.gaussian_filter(place, draw.uniform(0.8, 2.5) * canvas.px_per_mm)
    # Strands run down: noise that is long along them.
    px = canvas.px_per_mm
    white = draw.standard_normal(canvas.shape).astype(np.float32)
    strands = ndimage.gaussian_filter(white, (max(2.5 * px, 1), max(0.25 * px, 0.45)))
    strands /= strands.std()
    cover = np.clip(draw.uniform(0.55, 0.9) + 0.25 * strands, 0, 1) * place
    hair = ImageColor.getrgb(
        str(draw.choice(("#15110f", "#2b1d15", "#4a2d1c", "#7a4322", "#8c8a88")))
    )
    shade = colour.linear_from_srgb(np.array(hair[:3], np.uint8)) * _light(canvas)[..., None]
    shade = shade * np.exp(0.35 * strands)[..., None]
    return canvas.developed(canvas.linear * (1 - cover[..., None]) + shade * cover[..., None])


def black_bar(canvas: Canvas, draw: Random) -> Pixels:
    """A black bar over both eyes, as pictures are made anonymous."""
    at, mm = canvas.points, canvas.px_per_mm
    across = at[263] - at[33]
    down = np.array([-across[1], across[0]]) / np.linalg.norm(across)
    wide = across * draw.uniform(0.08, 0.3)
    tall = down * draw.uniform(9, 15) * mm
    corners = [
        at[33] - wide - tall,
        at[263] + wide - tall,
        at[263] + wide + tall,
        at[33] - wide + tall,
    ]
    over = _filled(canvas, np.array(corners), soft=0.0)
    result = canvas.pixels.astype(np.float32)
    return np.rint(result * (1 - over[..., None])).astype(np.uint8)


COVERS: Mapping[str, Draw] = (
    {f"mask {name}": (lambda c, d, name=name: mask(c, d, name)) for name in (*_CLOTH, "patterned")}
    | {f"half {name}": (lambda c, d, name=name: half(c, d, name)) for name in _PANELS}
    | {f"lower {name}": (lambda c, d, name=name: lower(c, d, name)) for name in _PANELS}
)
SKINS: dict[str, Draw] = {
    "port-wine": port_wine,
    "naevus": naevus,
    "vitiligo": vitiligo,
    "burn": burn,
    "acne": acne,
    "beard": beard,
    "black bar": black_bar,
}

ALL: Mapping[str, Draw] = {**COVERS, **SKINS}


def drawn(canvas: Canvas, kind: str, name: str) -> Pixels:
    """A kind of COVERS or SKINS on a photo; the same every time for a photo of this name."""
    draw = np.random.default_rng(list(f"{kind} {name}".encode()))
    return ALL[kind](canvas, draw)


# --- what is laid over ----------------------------------------------------------------------------


def _cloth(canvas: Canvas, draw: Random, name: str) -> Floats:
    """(height, width, 3) linear light of cloth, evenly lit."""
    height, width = canvas.pixels.shape[:2]
    if name != "patterned":
        return np.broadcast_to(_linear(draw, _CLOTH[name]), (height, width, 3))
    first, second = (_linear(draw, f"#{draw.integers(0x202020, 0xEFEFEF):06x}") for _ in range(2))
    rows, columns = np.mgrid[0:height, 0:width] / canvas.px_per_mm
    period = draw.uniform(6, 16)
    kind = draw.integers(4)
    if kind == 0:
        on = np.sin(2 * np.pi * (rows + 0.3 * columns) / period) > 0
    elif kind == 1:
        on = (np.sin(2 * np.pi * rows / period) > 0) ^ (np.sin(2 * np.pi * columns / period) > 0)
    elif kind == 2:
        on = np.hypot(rows % period - period / 2, columns % period - period / 2) < period / 4
    else:
        white = draw.standard_normal((height, width))
        on = ndimage.gaussian_filter(white, 0.3 * period * canvas.px_per_mm) > 0
    return np.where(on[..., None], first, second)


def _panel(canvas: Canvas, draw: Random, name: str) -> Floats:
    height, width = canvas.pixels.shape[:2]
    if name == "own skin":
        cheeks = canvas.area("right_cheek", "left_cheek", soft=0.5) > 0.5
        tone = np.median(canvas.linear[cheeks], axis=0) * np.exp(draw.normal(0, 0.08, 3))
    else:
        tone = _linear(draw, str(draw.choice(_PANELS[name])))
    return np.broadcast_to(tone, (height, width, 3))


def _linear(draw: Random, shade: str) -> Floats:
    rgb = np.array(ImageColor.getrgb(shade)[:3], float) + draw.normal(0, 6, 3)
    return colour.linear_from_srgb(np.clip(rgb, 0, 255) / 255)


def _filled(canvas: Canvas, outline: Floats, *, soft: float) -> Floats:
    """A polygon of the photo -> (height, width) 0..1, its edge softened over `soft` mm."""
    height, width = canvas.pixels.shape[:2]
    image = Image.new("L", (4 * width, 4 * height))
    corners = [(4 * float(x) + 2, 4 * float(y) + 2) for x, y in outline]
    ImageDraw.Draw(image).polygon(corners, fill=255)
    over = np.asarray(image.reduce(4), np.float32) / 255
    return np.asarray(ndimage.gaussian_filter(over, soft * canvas.px_per_mm) if soft else over)


def _half_plane(canvas: Canvas, draw: Random, start: Floats, towards: Floats) -> Floats:
    """(height, width) 0..1: what lies beyond a line; to the photo's edge, or a panel's."""
    height, width = canvas.pixels.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width]
    offset = np.stack([columns - start[0], rows - start[1]], -1)
    beyond = offset @ towards
    over = np.clip(beyond + 0.5, 0, 1)
    if draw.random() < 0.5:
        over = over * np.clip(draw.uniform(95, 130) * canvas.px_per_mm - beyond, 0, 1)
        along = np.abs(offset @ np.array([-towards[1], towards[0]]))
        over = over * np.clip(draw.uniform(130, 180) * canvas.px_per_mm - along, 0, 1)
    soft = draw.choice((0.0, 0.4, 1.5)) * canvas.px_per_mm
    return np.asarray(ndimage.gaussian_filter(over, soft) if soft else over, np.float32)


def _laid(canvas: Canvas, draw: Random, over: Floats, cloth: Floats, *, pleats: bool) -> Pixels:
    """The photo with something over it: flat as paint, or lit, woven and with a shadow's edge."""
    photo = colour.linear_from_srgb(canvas.pixels)
    height, width = over.shape
    shade = np.ones((height, width))
    if draw.random() < 0.65:
        mm = canvas.px_per_mm
        rows, columns = np.mgrid[0:height, 0:width]
        x, y = (np.stack([columns, rows], -1) - canvas.points[5]).reshape(-1, 2).T / mm
        x, y = x.reshape(over.shape), y.reshape(over.shape)
        slope = draw.normal(0, 0.004, 2)
        round_off = draw.uniform(0, 0.45) * (x / 65) ** 2
        log = slope[0] * x + slope[1] * y - round_off
        log = log + draw.uniform(0, 0.08) * _field(draw, over.shape, 12 * mm)
        log = log + draw.uniform(0, 0.05) * _field(draw, over.shape, max(0.4 * mm, 0.5))
        if pleats:
            log = log + 0.22 * np.abs(np.sin(2 * np.pi * y / draw.uniform(22, 40)))
        shade = np.exp(np.clip(log, -1.2, 0.6))
        # A shadow along its edge.
        near = ndimage.gaussian_filter(over, 3 * mm)
        photo = photo * np.exp(-draw.uniform(0, 0.5) * near)[..., None]
    mixed = photo * (1 - over[..., None]) + cloth * shade[..., None] * over[..., None]
    return np.rint(colour.srgb_from_linear(np.clip(mixed, 0, 1)) * 255).astype(np.uint8)


# --- where skin differs --------------------------------------------------------------------------


def _one_side(canvas: Canvas, draw: Random) -> Floats:
    side = draw.choice(("right", "left"))
    more = ("under_eye", "jaw", "nasolabial", "crows_feet", "marionette")
    chosen = draw.choice(more, draw.integers(1, 5), replace=False)
    return canvas.area(f"{side}_cheek", *(f"{side}_{name}" for name in chosen), soft=2.5)


def _map_like(canvas: Canvas, draw: Random, place: Floats) -> Floats:
    """A place (h, w) 0..1 with a ragged coast, a little uneven within."""
    coast = place + 0.16 * _noise(canvas, draw, 4.0) + 0.06 * _noise(canvas, draw, 1.2)
    inside = 1 / (1 + np.exp(-(coast - 0.45) / draw.uniform(0.03, 0.12)))
    uneven = 1 + 0.12 * _noise(canvas, draw, 2.0)
    return np.asarray(np.clip(inside * uneven, 0, 1.3) * canvas.skin, np.float32)


def _light(canvas: Canvas) -> Floats:
    """(h, w) how the light falls, 1 on the cheeks."""
    bright = colour.luminance(canvas.linear) * canvas.skin
    broad = ndimage.gaussian_filter(bright, 8 * canvas.px_per_mm) + 1e-4
    broad /= ndimage.gaussian_filter(canvas.skin, 8 * canvas.px_per_mm) + 1e-3
    cheeks = canvas.area("right_cheek", "left_cheek", soft=0.5) > 0.5
    return np.asarray(np.clip(broad / max(float(np.median(broad[cheeks])), 1e-3), 0.3, 1.5))


def _noise(canvas: Canvas, draw: Random, scale: float) -> Floats:
    return _field(draw, canvas.shape, max(scale * canvas.px_per_mm, 0.5))


def _field(draw: Random, shape: tuple[int, int], px: float) -> Floats:
    """(h, w) smooth noise of mean 0 and deviation 1."""
    field = ndimage.gaussian_filter(draw.standard_normal(shape).astype(np.float32), px)
    return np.asarray((field - field.mean()) / max(float(field.std()), 1e-6), np.float32)


# --- judged --------------------------------------------------------------------------------------

SECTION = "Covered faces"
SETS = (PORTRAITS, AGES, CLOSEUPS)
GATES = ("mouth_hidden", "half_hidden", "face_doubted", "not_skin")
_SIDES = ("mask", "half", "lower")  # of COVERS
_QUALITY, _WORST = 90, 4
_TONES = (7, 8, 9)  # of the Monk scale


@dataclass(frozen=True)
class Plain:
    """A photo that every other gate lets pass, and what these say of it."""

    ita: float  # degrees
    refused: bool


@dataclass(frozen=True)
class Seen:
    """A photo as it is, in a dark tone, and drawn on."""

    name: str
    plain: Plain
    dark: Plain | None  # None: other gates refuse it
    drawn: Mapping[str, str | None]  # by kind, the code it is refused with


def judge_covers(workers: int, *, judged: bool = True) -> list[Finding]:
    """Covers, skins and plain photos; judged: the half that nothing was tuned on."""
    try:
        photos = [it for it in sources(folder()) if it.set in SETS and it.judged == judged]
    except FileNotFoundError as error:
        return [Finding(SECTION, "not judged", None, note=f"no photos ({error.filename})")]
    jobs = [(photo, number) for number, photo in enumerate(photos)]
    seen = [face for face in each(see, jobs, workers) if face]
    return figures(sorted(seen, key=lambda face: face.name))


def see(photo: Source, number: int) -> Seen | None:
    """A photo and what is drawn on it; None where gates refuse it that ask for no cover."""
    plain = _plain(data := photo.data())
    if plain is None:
        return None
    pixels = decode(data, load_gates()).pixels
    mesh = max(models().find_faces(pixels), key=lambda face: face.detection.width).mesh
    canvas = Canvas(pixels, mesh.points)
    dark = retint(canvas, _TONES[number % len(_TONES)])
    return Seen(
        name=f"{photo.set}/{photo.path.stem}",
        plain=plain,
        dark=_plain(as_jpeg(dark, _QUALITY)),
        drawn={
            kind: _refused(as_jpeg(drawn(canvas, kind, photo.path.stem), _QUALITY), load_gates())
            for kind in _chosen(number)
        },
    )


def figures(seen: Sequence[Seen]) -> list[Finding]:
    """What was seen -> how much of each is accepted, and of plain photos refused."""
    asked = limits()["covers"]
    plain = {face.name: face.plain for face in seen}
    below = monk_limits(_TONES[0])[1]
    return [
        *(_accepted(seen, side, _kinds(side), most=asked["covered"]) for side in _SIDES),
        *(_accepted(seen, kind, [kind], least=asked["skins"]) for kind in SKINS),
        _turned_away("plain photos", plain, asked["plain"]),
        _turned_away(
            "plain photos, Monk 7 to 10",
            {name: photo for name, photo in plain.items() if photo.ita <= below},
            asked["dark"],
        ),
        _turned_away(
            "re-tinted to Monk 7 to 9", {s.name: s.dark for s in seen if s.dark}, asked["dark"]
        ),
    ]


def _turned_away(what: str, photos: Mapping[str, Plain], most: float) -> Finding:
    refused = [name for name, photo in photos.items() if photo.refused]
    share = len(refused) / len(photos) if photos else None
    what = f"{what}: refused"
    return Finding(SECTION, what, share, "share", most=most, n=len(photos), worst=refused[:_WORST])


def _accepted(
    seen: Sequence[Seen],
    what: str,
    kinds: Sequence[str],
    *,
    least: float | None = None,
    most: float | None = None,
) -> Finding:
    codes = [
        (face, kind, face.drawn[kind]) for face in seen for kind in kinds if kind in face.drawn
    ]
    told = Counter(code or "accepted" for _, _, code in codes)
    # The wrong ones: those that pass where none should, and those refused where all should pass.
    wrong = [
        f"{kind} on {face.name}" for face, kind, code in codes if (code is None) == (most == 0)
    ]
    return Finding(
        SECTION,
        f"{what}: accepted",
        told["accepted"] / len(codes) if codes else None,
        "share",
        least=least,
        most=most,
        n=len(codes),
        note=", ".join(f"{code} {count}" for code, count in told.most_common()),
        worst=wrong[:_WORST],
    )


def _chosen(number: int) -> Iterator[str]:
    """One cover of each side, in turn, and every skin."""
    for side in _SIDES:
        kinds = _kinds(side)
        yield kinds[number % len(kinds)]
    yield from SKINS


def _kinds(side: str) -> list[str]:
    return [kind for kind in COVERS if kind.startswith(side)]


def _plain(data: bytes) -> Plain | None:
    """None where gates refuse it that ask for no cover."""
    gates = load_gates()
    others = {n: replace(g, reject={}) if n in GATES else g for n, g in gates.gates.items()}
    try:
        reading = analyze_photo(data, models(), replace(gates, gates=others)).reading
    except PhotoRejectedError:
        return None
    return Plain(reading.skin.tone.ita, _refused(data, gates) is not None)


def _refused(data: bytes, gates: Gates) -> str | None:
    try:
        analyze_photo(data, models(), gates)
    except PhotoRejectedError as error:
        return error.code
    return None


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m evaluation.covers", description=__doc__)
    parser.add_argument("--tune", action="store_true", help="the half that was tuned on")
    findings = judge_covers(os.process_cpu_count() or 1, judged=not parser.parse_args().tune)
    for finding in findings:
        print(finding.line)
    return int(any(finding.met is False and finding.excuse is None for finding in findings))


if __name__ == "__main__":
    sys.exit(main())
