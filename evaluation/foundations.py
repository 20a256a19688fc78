"""Holds the table from foundations as they are sold to skin as photos show it against both.

The shades lie beside the project: foundations.csv of FACET_SHADES or ../shared/shades, columns
`brand`, `product`, `name`, `shade` and `hex`. Of shades and portraits every second was kept back
from the table. `python -m evaluation.foundations` prints these figures alone, with --fit the rows
of foundation.toml as well; `make evaluate` has the figures among its own.
"""

import csv
import os
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evaluation.judge import Finding, limits
from evaluation.measure import models
from evaluation.photos import ROOT, folder
from facet import colour
from facet.domain.errors import PhotoRejectedError
from facet.domain.foundation import ita_error, photo_of_sold, sold_of_photo
from facet.vision.analyze import analyze_photo
from facet.vision.photo.gates import load_gates

SECTION = "Foundations"
STUDIO = ("portraits", "ages")
FIFTHS = 5
_DARKEST = 0.05  # quantile of the portraits' L*, below which a fifth would hold too few

type Labs = NDArray[np.floating]  # (n, 3) CIELAB


def shades_file() -> Path:
    """Where the sold shades are, whether or not they are there."""
    told = os.environ.get("FACET_SHADES")
    return Path(told or ROOT.parent / "shared" / "shades") / "foundations.csv"


def sold_shades() -> list[dict[str, str]]:
    """Every sold shade, in the file's order. FileNotFoundError where there are none."""
    with shades_file().open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def labs_of(shades: Sequence[dict[str, str]]) -> Labs:
    """The swatches' colours."""
    codes = [[int(row["hex"][at : at + 2], 16) for at in (1, 3, 5)] for row in shades]
    return np.asarray(colour.lab_from_srgb(np.array(codes, dtype=np.uint8)), dtype=float)


def skins(half: int) -> Labs:
    """The skin of the studio portraits, of every second one: 0 to tune on, 1 to judge by."""
    gates, found = load_gates("moderate"), []
    for group in STUDIO:
        files = sorted((folder() / group).glob("*.jpg"))
        for path in files[half::2]:
            try:
                reading = analyze_photo(path.read_bytes(), models(), gates).reading
            except PhotoRejectedError:
                continue
            found.append(reading.skin.tone.lab)
    if not found:
        raise FileNotFoundError(2, "no portraits", str(folder()))
    return np.array(found)


def judge_foundations() -> list[Finding]:
    """How far the table leads from sold to seen and back, on the halves that did not make it."""
    try:
        shades = sold_shades()
        seen = skins(1)
    except FileNotFoundError as error:
        why = f"no shades or portraits ({error.filename}); set FACET_SHADES and FACET_FACES"
        return [Finding(SECTION, "hue after the table", None, note=why)]
    sold = labs_of(shades)[1::2]
    return [*_distributions(sold, seen), *_spread(shades, seen)]


def _distributions(sold: Labs, seen: Labs) -> list[Finding]:
    """sold, seen: of the halves that did not make the table."""
    asked = limits()["foundations"]
    shown = np.array([photo_of_sold(tuple(row)) for row in sold])
    # Portraits are lighter than shelves: as far down as there are portraits at all.
    floor = np.quantile(seen[:, 0], _DARKEST)
    sold, shown, seen = (
        sold[shown[:, 0] >= floor],
        shown[shown[:, 0] >= floor],
        seen[seen[:, 0] >= floor],
    )
    n, note = len(seen), f"{len(sold)} shades"
    before = abs(float(np.median(colour.hue(sold)) - np.median(colour.hue(seen))))
    after = abs(float(np.median(colour.hue(shown)) - np.median(colour.hue(seen))))
    quantiles = (0.1, 0.25, 0.5, 0.75, 0.9)
    apart = np.quantile(colour.ita(shown), quantiles) - np.quantile(colour.ita(seen), quantiles)
    plain = np.quantile(colour.ita(sold), quantiles) - np.quantile(colour.ita(seen), quantiles)
    back = np.array([sold_of_photo(tuple(row)) for row in shown])
    there = colour.delta_e_2000(back, sold)
    return [
        Finding(SECTION, "hue before the table", before, "degrees", n=n, note=note),
        Finding(
            SECTION, "hue after the table", after, "degrees", most=asked["hue"], n=n, note=note
        ),
        Finding(SECTION, "ITA before the table", float(np.abs(plain).mean()), "degrees", n=n),
        Finding(
            SECTION,
            "ITA after the table",
            float(np.abs(apart).mean()),
            "degrees",
            most=asked["ita"],
            n=n,
            note="mean over the quantiles 0.1, 0.25, 0.5, 0.75 and 0.9",
        ),
        Finding(
            SECTION,
            "there and back",
            float(np.quantile(there, 0.99)),
            "CIEDE2000",
            most=asked["back"],
            n=len(sold),
            note="shades",
        ),
    ]


def _spread(shades: Sequence[dict[str, str]], seen: Labs) -> list[Finding]:
    """What one told shade leaves open, in degrees of ITA, part by part, and the table's error."""
    labs = labs_of(shades)
    parts = {
        "one shade's swatches apart": _swatches_apart(shades, _ita(labs)),
        "lightness as sold or as matched": _lightness_apart(labs),
        "a shade that still fits": _still_fits(labs),
        "skin of one lightness": _at_one_lightness(seen),
    }
    told = [Finding(SECTION, what, value, "degrees", n=n) for what, (value, n) in parts.items()]
    whole = float(np.sqrt(sum(value**2 for value, _ in parts.values())))
    most = limits()["foundations"]["error"]
    off = abs(whole - ita_error())
    return [*told, Finding(SECTION, "error less foundation.toml's", off, "degrees", most=most)]


def _ita(sold: Labs) -> Labs:
    return np.asarray(colour.ita(np.array([photo_of_sold(tuple(row)) for row in sold])))


def _swatches_apart(shades: Sequence[dict[str, str]], angles: Labs) -> tuple[float, int]:
    """Standard deviation of one brand's shade of one name over its products' swatches."""
    named = defaultdict(list)
    for row, angle in zip(shades, angles, strict=True):
        if row["name"] or row["shade"]:
            named[row["brand"], row["name"].lower(), row["shade"].lower()].append(
                (row["product"], float(angle))
            )
    groups = [
        [angle for _, angle in found]
        for found in named.values()
        if len({product for product, _ in found}) > 1
    ]
    variances = [np.var(group, ddof=1) for group in groups]
    return float(np.sqrt(np.mean(variances))), len(groups)


def _lightness_apart(labs: Labs) -> tuple[float, int]:
    """Root mean square of what keeping the swatch's own lightness would make of the ITA."""
    shown = np.array([photo_of_sold(tuple(row)) for row in labs])
    kept = np.column_stack([labs[:, 0], shown[:, 1:]])
    return float(np.sqrt(np.mean((colour.ita(shown) - colour.ita(kept)) ** 2))), len(labs)


def _still_fits(labs: Labs) -> tuple[float, int]:
    """Root mean square of what one lightness, within which people call a shade theirs, makes."""
    away = limits()["foundations"]["fits"]
    shown = np.array([photo_of_sold(tuple(row)) for row in labs])
    lighter = shown + np.array([away, 0, 0])
    return float(np.sqrt(np.mean((colour.ita(lighter) - colour.ita(shown)) ** 2))), len(labs)


def _at_one_lightness(seen: Labs) -> tuple[float, int]:
    """Standard deviation of ITA among skins of one lightness: all that a swatch's hue may not tell.

    An upper bound: it holds what the light did to their hues as well.
    """
    angles = np.asarray(colour.ita(seen))
    line = np.polyfit(seen[:, 0], angles, 2)
    return float(np.std(angles - np.polyval(line, seen[:, 0]), ddof=3)), len(seen)


def fitted(sold: Labs, seen: Labs) -> list[dict[str, float]]:
    """The rows of foundation.toml from sold swatches and skins, fifth by fifth of lightness."""
    floor = np.quantile(seen[:, 0], _DARKEST)
    sides = [side[side[:, 0] >= floor] for side in (sold, seen)]
    rows = []
    for fifth in range(FIFTHS):
        medians = []
        for side in sides:
            rank = side[:, 0].argsort().argsort() * FIFTHS // len(side)
            those = side[rank == fifth]
            chroma = np.hypot(those[:, 1], those[:, 2])
            medians.append([np.median(v) for v in (those[:, 0], colour.hue(those), chroma)])
        (light, hue, rich), (light_seen, hue_seen, rich_seen) = medians
        rows.append(
            {
                "sold": round(float(light), 1),
                "photo": round(float(light_seen), 1),
                "turn": round(float(hue - hue_seen), 1),
                "chroma": round(float(rich_seen / rich), 2),
            }
        )
    return rows


def main() -> int:
    if "--fit" in sys.argv:
        for row in fitted(labs_of(sold_shades())[::2], skins(0)):
            print(row)
    findings = judge_foundations()
    for finding in findings:
        print(finding.line)
    return 1 if any(finding.met is False for finding in findings) else 0


if __name__ == "__main__":
    sys.exit(main())
