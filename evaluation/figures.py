"""The figures of a full run as the tables of docs/analysis.md: groups and shares, never a photo."""

from collections.abc import Sequence

from scipy import stats

from evaluation.judge import Finding
from evaluation.measure import CONCERNS
from evaluation.photos import ROOT, FacePhoto
from facet.vision.analyze import PIPELINE_VERSION
from facet.vision.face.models import FaceModels
from facet.vision.skin.scores import load_scoring

PAGE = ROOT / "docs" / "analysis.md"
START, END = "<!-- figures of make evaluate -->", "<!-- end of figures -->"


def versions(models: FaceModels) -> str:
    """What the figures hold for: they are to be made again when one of these changes."""
    return (
        f"Pipeline {PIPELINE_VERSION}, scoring {load_scoring().version}, detector "
        f"{models.detector_version}, mesh {models.mesh_version}"
    )


def publish(findings: Sequence[Finding], photos: Sequence[FacePhoto], models: FaceModels) -> None:
    """Puts the tables between the markers of docs/analysis.md."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(START)
    _, _, after = rest.partition(END)
    text = "\n\n".join(_blocks(findings, photos, models))
    PAGE.write_text(f"{before}{START}\n{text}\n{END}{after}", encoding="utf-8")


def _blocks(
    findings: Sequence[Finding], photos: Sequence[FacePhoto], models: FaceModels
) -> list[str]:
    judged = [one for one in findings if one.met is not None]
    missed = [one for one in judged if not one.met]
    portraits = sum(photo.group == "portraits" for photo in photos)
    about = (
        f"{versions(models)}. {len(photos)} photos: {portraits} portraits, "
        f"{len(photos) - portraits} close-ups. {len(judged) - len(missed)} of {len(judged)} limits "
        "reached. Shares with 95 % intervals (Wilson)."
    )
    return [
        about,
        _table(
            ("concern", "measured on", "own edit", "steadiest to least steady", "re-tinted"),
            [_concern(name, findings) for name in CONCERNS],
        ),
        _table(
            ("not reached", "measured", "asked", "n", "why"),
            [
                (
                    f"{one.section}: {one.what}".replace("_", " "),
                    _number(one),
                    _asked(one),
                    str(one.n),
                    one.known or "not explained",
                )
                for one in missed
            ],
        ),
        _table(
            ("", "measured", "n", ""),
            [
                (one.what, f"{_number(one)} {one.unit}", str(one.n), one.note)
                for one in findings
                if one.section in {"Detection and mesh", "Landmarks", "Age"}
            ],
        ),
        _table(
            ("ITA stays in its interval", "share", "n"),
            [
                (one.what.removeprefix("ITA after ").replace("_", " "), _share(one), str(one.n))
                for one in findings
                if one.section == "Tone class"
            ],
        ),
        _table(
            ("refused, but for the size of the photo", "share", "n"),
            [
                (one.what.replace("monk_", "Monk "), _share(one), str(one.n))
                for one in findings
                if one.section.startswith("Refused")
            ],
        ),
    ]


def _concern(name: str, findings: Sequence[Finding]) -> tuple[str, ...]:
    def those(section: str) -> list[Finding]:
        return [
            one
            for one in findings
            if one.section == section and one.what.split(":")[0] == name and one.n
        ]

    measured = those("Measured at all")
    own = "; ".join(
        f"{one.what.split(': ')[1].replace('_', ' ')} {_share(one)}" for one in those("Own edit")
    )
    steady, tones = (
        sorted(
            (one for one in those(section) if one.value is not None), key=lambda f: -(f.value or 0)
        )
        for section in ("Nuisance", "Skin tone")
    )
    return (
        f"`{name}`",
        f"{_share(measured[0])} of {measured[0].n}" if measured else "",
        own,
        _spread(steady),
        _spread([one for one in tones if one.met is not None]),
    )


def _spread(findings: Sequence[Finding]) -> str:
    """The best and the worst share, and which edit the worst belongs to."""
    if not findings:
        return "-"
    best, worst = findings[0], findings[-1]
    if best.value == worst.value:
        return f"{best.value:.2f} (n {min(f.n for f in findings)}+)"
    edit = worst.what.split(": ")[1].replace("monk_", "Monk ").replace("_", " ")
    return f"{best.value:.2f} to {worst.value:.2f} ({edit}, n {worst.n})"


def _share(one: Finding) -> str:
    if one.value is None:
        return "-"
    low, high = stats.binomtest(round(one.value * one.n), one.n).proportion_ci(method="wilson")
    return f"{one.value:.2f} ({low:.2f}-{high:.2f})" + (
        "" if one.section != "Own edit" else f" n {one.n}"
    )


def _number(one: Finding) -> str:
    return "not measured" if one.value is None else f"{one.value:.3f}"


def _asked(one: Finding) -> str:
    return f">= {one.least:g}" if one.least is not None else f"<= {one.most:g}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
