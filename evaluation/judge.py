"""Rows of measurements -> what was asked of them, what they reach, and where they fall short."""

import math
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from evaluation.edits import DARK, DRAWN, LIGHT, NUISANCES, OWN, Own
from evaluation.measure import CONCERNS, ENLARGED, PRESETS, TONELESS, Row, judged_on
from evaluation.photos import PORTRAITS, FacePhoto

_WORST = 4
_SIZE = frozenset({"image_too_small", "face_too_small"})  # of these photos, not of the people


@dataclass(frozen=True)
class Finding:
    """One number beside what it must reach; without a limit it is only told."""

    section: str
    what: str
    value: float | None  # None: not measured, and `note` says why
    unit: str = ""
    least: float | None = None
    most: float | None = None
    n: int = 0  # faces, or what `note` says
    note: str = ""
    worst: Sequence[str] = field(default=())  # photos that fall short most, worst first

    @property
    def met(self) -> bool | None:
        """None where nothing was asked; what was asked and not measured is not met."""
        if self.least is None and self.most is None:
            return None
        if self.value is None or math.isnan(self.value):
            return False
        low = -math.inf if self.least is None else self.least
        return low <= self.value <= (math.inf if self.most is None else self.most)

    @property
    def excuse(self) -> str | None:
        """Why it is not met, where thresholds.toml says so; a miss without is a regression."""
        return limits()["known"].get(f"{self.section}: {self.what}")

    @property
    def line(self) -> str:
        """It in one line, for a terminal."""
        value = "-" if self.value is None else f"{self.value:.4f}"
        missed = "NOT REACHED " if self.met is False else ""
        told = f"{self.what}: {value} {self.unit}".rstrip()
        return f"{told}, n = {self.n} {missed}{self.note} {' '.join(self.worst)}".rstrip()

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"met": self.met}


@cache
def limits() -> dict[str, dict[str, Any]]:
    return tomllib.loads(Path(__file__).with_name("thresholds.toml").read_text(encoding="utf-8"))


class Rows:
    """The rows of one run, found by photo and edit."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.all = list(rows)
        self.base = {row["photo"]: row for row in self.all if row["kind"] == "base"}
        self._of: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in self.all:
            self._of[row["kind"], row.get("edit", "")].append(row)

    def of(self, kind: str, edit: str = "") -> list[Row]:
        return self._of[kind, edit]

    def edits(self, kind: str) -> list[str]:
        """In the order in which they were made."""
        return list(
            dict.fromkeys(edit for of, edit in self._of if of == kind and self._of[of, edit])
        )

    def judged(self, concern: str) -> list[str]:
        """Photos on which a concern is judged and measured, before any edit."""
        return [
            photo
            for photo, row in self.base.items()
            if judged_on(concern, row["group"]) and _value(row, concern) is not None
        ]


def _value(row: Row, concern: str) -> float | None:
    reading = row["concerns"].get(concern)
    return None if reading is None else reading["measured"]


def _unit_of(row: Row, concern: str) -> float:
    change = row["concerns"][concern]["minimum_change"]
    return float(change) if change else math.nan


def _moved(rows: Rows, row: Row, concern: str) -> float:
    """How far an edited photo is from its original, signed, in minimum_change; NaN: unknown."""
    base, value = rows.base[row["photo"]], _value(row, concern)
    before = _value(base, concern)
    if value is None or before is None:
        return math.nan
    return (value - before) / _unit_of(base, concern)


def judge(
    rows: Rows, photos: Sequence[FacePhoto], concerns: Sequence[str] = CONCERNS
) -> list[Finding]:
    """Everything that the rows can answer; for some concerns only, what concerns those."""
    general = set(concerns) == set(CONCERNS)
    findings = [
        *(detection(rows, photos) if general else ()),
        *coverage(rows, concerns),
        *(finding for concern in concerns for finding in own_edit(rows, concern)),
        *cross_talk(rows, concerns),
        *resolving_power(rows, concerns),
        *(finding for concern in concerns for finding in steady(rows, concern, "nuisance")),
        *(finding for concern in concerns for finding in steady(rows, concern, "tone")),
        *(finding for concern in concerns for finding in fair(rows, concern)),
        *(age(rows, photos) if "wrinkles" in concerns else ()),
        *(tone_class(rows) if general else ()),
        *(rejections(rows, photos) if general else ()),
    ]
    sections = list(dict.fromkeys(finding.section for finding in findings))
    return sorted(findings, key=lambda finding: sections.index(finding.section))


def detection(rows: Rows, photos: Sequence[FacePhoto]) -> list[Finding]:
    """Whether detector and mesh agree on a face in every photo that shows one from the front."""
    frontal = {photo.name for photo in photos if photo.frontal}
    files = [row for row in rows.of("file") if row["photo"] in frontal]
    lost = [row["photo"] for row in files if row["faces"] == 0]
    share = 1 - len(lost) / len(files) if files else None
    return [
        Finding(
            "Detection and mesh",
            limits()["found"]["of"],
            share,
            "share",
            least=limits()["found"]["least"],
            n=len(files),
            worst=lost[:_WORST],
        )
    ]


def coverage(rows: Rows, concerns: Sequence[str]) -> list[Finding]:
    """On how many accepted photos each concern is measured, and why not on the others."""
    findings = []
    for concern in concerns:
        asked = [row for row in rows.base.values() if judged_on(concern, row["group"])]
        asked = [row for row in asked if not row.get("rejected")]
        reasons: dict[str, int] = defaultdict(int)
        for row in asked:
            if _value(row, concern) is None:
                reasons[(row["concerns"].get(concern) or {}).get("reason") or "missing"] += 1
        told = "; ".join(f"{count} {reason}" for reason, count in reasons.items())
        measured = len(asked) - sum(reasons.values())
        share = measured / len(asked) if asked else None
        findings.append(
            Finding("Measured at all", concern, share, "share", n=len(asked), note=told)
        )
    return findings


def own_edit(rows: Rows, concern: str) -> list[Finding]:
    """Spearman of strength and measure on every face, and how far the strongest edit goes."""
    findings = []
    for name, own in OWN.items():
        if own.concern == concern and not own.region:
            findings += _one_edit(rows, name, own)
    return findings + _regions(rows, concern)


def _one_edit(rows: Rows, name: str, own: Own) -> list[Finding]:
    """Whether the measure rises with one edit's strength, and whether the score follows."""
    concern, limit = own.concern, limits()["own_edit"]
    series = _by_strength(rows, name, concern)
    if not series:
        return [_unmeasured(rows, "Own edit", f"{concern}: {name}", concern, limit)]
    if len(next(iter(series.values()))) < 3:
        return []
    moves = {photo: _moved(rows, at[max(at)], concern) for photo, at in series.items()}
    # The measure may count up or down as skin gets worse; but for all faces alike.
    sizes = [move for move in moves.values() if not math.isnan(move)] or [math.nan]
    way = math.copysign(1, np.median(sizes))
    ranks = {
        photo: way * _rank([(s, _value(row, concern)) for s, row in at.items()])
        for photo, at in series.items()
    }
    good = [photo for photo, rank in ranks.items() if rank >= limit["spearman"]]
    worst = sorted(ranks, key=lambda photo: (ranks[photo], abs(moves[photo])))
    changes = _score_changes(rows, series, concern)
    change = np.mean(changes) if changes else math.nan
    size = np.median(np.abs(sizes))
    return [
        Finding(
            "Own edit",
            f"{concern}: {name}",
            len(good) / len(series),
            "share of faces",
            least=limit["least"],
            n=len(series),
            note=f"moves {size:.1f} minimum changes (median), score {change:+.0f}",
            worst=[f"{photo} ({ranks[photo]:.2f})" for photo in worst if photo not in good][
                :_WORST
            ],
        ),
        Finding(
            "Score falls when skin is made worse",
            f"{concern}: {name}",
            float(-change if own.worse else change),
            "points, mean",
            least=0.0,
            n=len(changes),
        ),
    ]


def _by_strength(rows: Rows, name: str, concern: str) -> dict[str, dict[float, Row]]:
    """Photo -> its rows by the strength of an edit, where the concern was measured before it."""
    series: dict[str, dict[float, Row]] = defaultdict(dict)
    for row in rows.of("own", name):
        if row["photo"] in rows.base and _value(rows.base[row["photo"]], concern) is not None:
            series[row["photo"]][row["strength"]] = row
    return series


def _score_changes(
    rows: Rows, series: Mapping[str, Mapping[float, Row]], concern: str
) -> list[float]:
    """Points by which the strongest edit moves each photo's score."""
    return [
        at[max(at)]["concerns"][concern]["score"] - rows.base[photo]["concerns"][concern]["score"]
        for photo, at in series.items()
        if _value(at[max(at)], concern) is not None
    ]


def _unmeasured(
    rows: Rows, section: str, what: str, concern: str, limit: Mapping[str, Any]
) -> Finding:
    """Missed; but nothing is asked of what no photo at hand has the resolution to show."""
    needs = max(own.least_scale for own in OWN.values() if own.concern == concern)
    told = [row["concerns"].get(concern) for row in rows.base.values()]
    if needs and told and all(reading and reading["reason"] for reading in told):
        note = f"no photo has the {needs:g} px/mm that this takes"
        return Finding(section, what, None, note=note)
    return Finding(section, what, None, least=limit.get("least"), note="not measured")


def _rank(pairs: Sequence[tuple[float, float | None]]) -> float:
    """Spearman of strength and measure, 0 where the measure is lost or never moves."""
    values = [value for _, value in sorted(pairs)]
    if any(value is None for value in values) or len(set(values)) == 1:
        return 0.0
    return float(stats.spearmanr(range(len(values)), values).statistic)


def _regions(rows: Rows, concern: str) -> list[Finding]:
    """An edit in one region lowers the score of that region, and of that region most."""
    findings = []
    for name, own in OWN.items():
        if own.concern != concern or not own.region:
            continue
        hits, total, missed = 0, 0, []
        for row in rows.of("own", name):
            if row["photo"] not in rows.base or concern not in row["concerns"]:
                continue
            before = rows.base[row["photo"]]["concerns"].get(concern, {}).get("regions", {})
            after = row["concerns"][concern]["regions"]
            falls = {region: before[region] - after[region] for region in before if region in after}
            here = [fall for region, fall in falls.items() if region.endswith(own.region)]
            # At 0 before the edit it cannot fall.
            room = [before[region] for region in falls if region.endswith(own.region)]
            if not here or max(room) == 0:
                continue
            total += 1
            there = [fall for region, fall in falls.items() if not region.endswith(own.region)]
            if max(here) > max([0.0, *there]):
                hits += 1
            else:
                missed.append(row["photo"])
        if total:
            findings.append(
                Finding(
                    "Lines in one region lower that region's score most",
                    f"{concern}: {own.region}",
                    hits / total,
                    "share of faces",
                    n=total,
                    worst=missed[:_WORST],
                )
            )
    return findings


def cross_talk(rows: Rows, concerns: Sequence[str]) -> list[Finding]:
    """How far each strongest edit moves the concerns it is not meant for, beside its own."""
    limit = limits()["cross_talk"]
    findings = []
    for name, own in OWN.items():
        strongest = [
            row
            for row in rows.of("own", name)
            if row["strength"] == 1.0 and row["photo"] in rows.base and not own.region
        ]
        for other in CONCERNS:
            if other == own.concern or not {other, own.concern} & set(concerns):
                continue
            pairs = [
                (abs(_moved(rows, row, own.concern)), abs(_moved(rows, row, other)), row["photo"])
                for row in strongest
                if judged_on(other, row["group"]) and judged_on(own.concern, row["group"])
            ]
            pairs = [pair for pair in pairs if not math.isnan(pair[0] + pair[1])]
            if not pairs:
                continue
            mine, theirs = (float(np.mean([pair[index] for pair in pairs])) for index in (0, 1))
            worst = sorted(pairs, key=lambda pair: -pair[1])
            findings.append(
                Finding(
                    "Cross-talk",
                    f"{name} moves {other}",
                    theirs / mine if mine else math.inf,
                    f"of {own.concern}",
                    most=limit["most"],
                    n=len(pairs),
                    note=f"{theirs:.2f} against {mine:.2f} minimum changes, mean; "
                    f"{np.mean([b <= limit['most'] * a for a, b, _ in pairs]):.0%} of faces within",
                    worst=[f"{photo} ({b:.1f})" for _, b, photo in worst[:_WORST]],
                )
            )
    return findings


def steady(rows: Rows, concern: str, kind: str) -> list[Finding]:
    """Edits that are no change of the skin: how many faces stay within minimum_change."""
    asked = kind == "nuisance" or concern in TONELESS
    limit = limits()["nuisance" if kind == "nuisance" else "retint"] if asked else {}
    section = "Nuisance" if kind == "nuisance" else "Skin tone"
    if not rows.judged(concern):
        return [_unmeasured(rows, section, concern, concern, limit)]
    findings = []
    for edit in rows.edits(kind):
        before = set(rows.judged(concern))
        moves = {
            row["photo"]: _moved(rows, row, concern)
            for row in rows.of(kind, edit)
            if row["photo"] in before
        }
        if not moves:
            continue
        measured = {photo: move for photo, move in moves.items() if not math.isnan(move)}
        if not measured:
            what = f"{concern}: {edit}"
            findings.append(
                Finding(section, what, None, least=limit.get("least"), note="no longer measured")
            )
            continue
        sizes = np.abs(list(measured.values()))
        worst = sorted(measured, key=lambda photo: -abs(measured[photo]))
        absent = len(moves) - len(measured)
        findings.append(
            Finding(
                section,
                f"{concern}: {edit}",
                float(np.mean(sizes <= 1)),
                "share of faces",
                least=limit.get("least"),
                n=len(measured),
                note=f"minimum changes: median {np.median(list(measured.values())):+.2f}, "
                f"95 % within {np.quantile(sizes, 0.95):.2f}"
                + (f"; no longer measured on {absent}" if absent else ""),
                worst=[f"{p} ({measured[p]:+.1f})" for p in worst if abs(measured[p]) > 1][:_WORST],
            )
        )
    return findings


def fair(rows: Rows, concern: str) -> list[Finding]:
    """Whether a concern says the same of a face, and of faces, in every tone of skin."""
    findings = [_bands_kept(rows, concern)] if rows.of("tone", f"monk_{DARK}") else []
    if concern in limits()["fair_groups"]["concerns"]:
        findings.append(_groups_apart(rows, concern))
    names = [name for name in DRAWN if OWN[name].concern == concern]
    return findings + [
        _drawn_apart(rows, name, concern) for name in names if rows.of("drawn", f"{name}_{DARK}")
    ]


def _bands_kept(rows: Rows, concern: str) -> Finding:
    """On how many re-tinted faces the band is the one that the face has in its own tone."""
    kept, before = [], set(rows.judged(concern))
    for edit in rows.edits("tone"):
        for row in rows.of("tone", edit):
            if row["photo"] in before and _value(row, concern) is not None:
                own = rows.base[row["photo"]]["concerns"][concern]["band"]
                kept.append(row["concerns"][concern]["band"] == own)
    least = limits()["fair_bands"]["least"]
    share = float(np.mean(kept)) if kept else None
    what = f"{concern}: band kept when re-tinted"
    return Finding("Fairness", what, share, "share", least=least, n=len(kept))


def _groups_apart(rows: Rows, concern: str) -> Finding:
    """How far portraits of different tone lie apart in the share that is mild or worse."""
    limit = limits()["fair_groups"]
    ends = [-math.inf, *limit["ita"], math.inf]
    groups: dict[str, list[bool]] = {f"ITA {low:g} to {high:g}": [] for low, high in pairwise(ends)}
    for row in rows.base.values():
        if row["group"] == PORTRAITS and row["tone"] and _value(row, concern) is not None:
            place = int(np.searchsorted(limit["ita"], row["tone"]["ita"]))
            groups[list(groups)[place]].append(row["concerns"][concern]["band"] != "none")
    told = "; ".join(f"{name}: {np.mean(of):.2f} of {len(of)}" for name, of in groups.items() if of)
    shares = [float(np.mean(of)) for of in groups.values() if len(of) >= limit["least_faces"]]
    apart = max(shares) - min(shares) if len(shares) > 1 else None
    what = f"{concern}: mild or worse, groups of ITA apart"
    if apart is None:
        return Finding("Fairness", what, None, note=f"too few faces: {told}")
    n = sum(len(of) for of in groups.values())
    return Finding("Fairness", what, apart, "share", most=limit["most"], n=n, note=told)


def _drawn_apart(rows: Rows, name: str, concern: str) -> Finding:
    """How far light and dark skin lie apart in the share of faces on which an edit is seen."""
    shares, numbers = [], []
    for tone in (LIGHT, DARK):
        plain = {row["photo"]: row for row in rows.of("tone", f"monk_{tone}")}
        moves = []
        for row in rows.of("drawn", f"{name}_{tone}"):
            before = plain[row["photo"]]
            first, second = _value(before, concern), _value(row, concern)
            if judged_on(concern, row["group"]) and first is not None and second is not None:
                moves.append(abs(second - first) > _unit_of(before, concern))
        numbers.append(len(moves))
        shares.append(float(np.mean(moves)) if moves else math.nan)
    what = f"{concern}: {name} seen, light and dark apart"
    return Finding(
        "Fairness",
        what,
        None if math.isnan(sum(shares)) else abs(shares[1] - shares[0]),
        "share",
        most=limits()["fair_drawn"]["most"],
        n=min(numbers),
        note=f"beyond minimum_change on {shares[0]:.2f} light, {shares[1]:.2f} dark",
    )


def resolving_power(rows: Rows, concerns: Sequence[str]) -> list[Finding]:
    """How far the strongest own edit goes beside what nuisances do, whatever minimum_change is."""
    findings = []
    for concern in concerns:
        measured = ((photo, _value(rows.base[photo], concern)) for photo in rows.judged(concern))
        before = {photo: value for photo, value in measured if value is not None}

        def moves(
            kind: str, edits: Iterable[str], before: Any = before, concern: Any = concern
        ) -> Any:
            pairs = [
                (_value(row, concern), before[row["photo"]])
                for edit in edits
                for row in rows.of(kind, edit)
                if row["photo"] in before and row.get("strength", 1.0) == 1.0
            ]
            return [abs(after - base) for after, base in pairs if after is not None]

        names = [name for name, own in OWN.items() if own.concern == concern and not own.region]
        own, noise = moves("own", names[:1]), moves("nuisance", rows.edits("nuisance"))
        if own and noise:
            unit = rows.base[next(iter(before))]["concerns"][concern]["unit"]
            steady_within = np.quantile(noise, 0.95)
            findings.append(
                Finding(
                    "Own edit beside nuisances",
                    concern,
                    float(np.median(own) / steady_within) if steady_within else math.inf,
                    "times",
                    n=len(before),
                    note=f"{names[0]} moves {np.median(own):.3g} {unit} (median), nuisances 95 % "
                    f"less than {steady_within:.3g}; values {min(before.values()):.3g} to "
                    f"{max(before.values()):.3g}",
                )
            )
    return findings


def tone_class(rows: Rows) -> list[Finding]:
    """Whether a photo's other exposures, balances and sizes stay inside the interval it gave."""
    findings = []
    for edit in (*rows.edits("nuisance"), *rows.edits("balance")):
        kind = "nuisance" if edit in NUISANCES else "balance"
        inside, moved, outside = [], [], {}
        for row in rows.of(kind, edit):
            before, after = rows.base[row["photo"]]["tone"], row["tone"]
            if row["group"] == ENLARGED or not before or not after:
                continue
            low, high = before["interval"]
            beyond = max(low - after["ita"], after["ita"] - high, 0.0)
            inside.append(beyond == 0)
            names = before["monk"].keys() | after["monk"].keys()
            moved.append(
                sum(abs(before["monk"].get(n, 0) - after["monk"].get(n, 0)) for n in names) / 2
            )
            if beyond:
                outside[row["photo"]] = beyond
        if inside:
            findings.append(
                Finding(
                    "Tone class",
                    f"ITA after {edit}",
                    float(np.mean(inside)),
                    "share of faces",
                    least=limits()["tone_class"]["least"],
                    n=len(inside),
                    note=f"Monk shares that change hands: median {np.median(moved):.2f}",
                    worst=[
                        f"{photo} ({outside[photo]:.1f} degrees)"
                        for photo in sorted(outside, key=lambda photo: -outside[photo])[:_WORST]
                    ],
                )
            )
    return findings


def age(rows: Rows, photos: Sequence[FacePhoto]) -> list[Finding]:
    """Wrinkles against age on the portraits, whatever it is: small and retouched pictures."""
    years = {photo.name: photo.age for photo in photos if photo.group == PORTRAITS}
    pairs = [
        (years[name], _value(row, "wrinkles"))
        for name, row in rows.base.items()
        if years.get(name) is not None and _value(row, "wrinkles") is not None
    ]
    if len(pairs) < 8:
        note = f"measured on {len(pairs)} portraits; too few"
        return [Finding("Age", "wrinkles against age", None, "Spearman", n=len(pairs), note=note)]
    data = tuple(np.array(pairs, float).T)

    def spearman(x: Any, y: Any) -> float:
        return float(stats.spearmanr(x, y).statistic)

    interval = stats.bootstrap(
        data, spearman, paired=True, vectorized=False, n_resamples=2000, rng=1, method="percentile"
    ).confidence_interval
    return [
        Finding(
            "Age",
            "wrinkles against age",
            spearman(*data),
            "Spearman",
            n=len(pairs),
            note=f"95 % interval {interval.low:.2f} to {interval.high:.2f} (bootstrap)",
        )
    ]


def rejections(rows: Rows, photos: Sequence[FacePhoto]) -> list[Finding]:
    """Share refused under every preset by sex, by colour and by tone re-tinted, with intervals."""
    by_name = {photo.name: photo for photo in photos}
    files = [(by_name[row["photo"]], row) for row in rows.of("file")]
    groups: dict[str, list[Row]] = defaultdict(list)
    for photo, row in files:
        if photo.group == PORTRAITS:
            groups[f"portraits, {'women' if photo.sex == 'F' else 'men'}"].append(row)
        elif photo.frontal:
            groups["frontal close-ups"].append(row)
        else:
            groups["close-ups turned, covered or dark"].append(row)
        if photo.frontal and photo.ita is not None:
            groups[f"frontal, ITA {_tone_group(photo.ita)}"].append(row)
    findings = []
    for name in sorted(groups):
        for preset in PRESETS:
            codes = [[c for c in row[preset] if c not in _SIZE] for row in groups[name]]
            findings.append(_refused(f"{name}, {preset}", codes))
    for edit in rows.edits("tone"):
        codes = [[row["rejected"]] if "rejected" in row else [] for row in rows.of("tone", edit)]
        findings.append(_refused(f"re-tinted to {edit}, moderate", codes))
    return findings


def _tone_group(ita: float) -> str:
    """The scale's three groups as facet/domain/tone.toml sets them against ITA."""
    return "above 41" if ita > 41 else "10 to 41" if ita > 10 else "below 10"


def _refused(what: str, codes: Sequence[Sequence[str]]) -> Finding:
    refused, total = sum(map(bool, codes)), len(codes)
    interval = stats.binomtest(refused, total).proportion_ci(method="wilson")
    every = [str(code) for of_one in codes for code in of_one]
    why = ", ".join(f"{code} {every.count(code)}" for code in dict.fromkeys(every))
    return Finding(
        "Refused, but for the size of the photo",
        what,
        refused / total,
        "share",
        n=total,
        note=f"95 % interval {interval.low:.2f} to {interval.high:.2f} (Wilson)"
        + (f"; {why}" if why else ""),
    )
