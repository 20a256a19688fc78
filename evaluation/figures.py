"""The figures of a full run as the tables of docs/analysis.md: groups and shares, never a photo."""

from collections.abc import Sequence

from scipy import stats

from evaluation.judge import Finding
from evaluation.measure import CONCERNS
from evaluation.photos import ROOT, FacePhoto
from facet.vision.face.models import FaceModels
from facet.vision.skin.scores import load_scoring
from facet.vision.versions import PIPELINE_VERSION

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
    judged = [finding for finding in findings if finding.met is not None]
    missed = [finding for finding in judged if not finding.met]
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
                    f"{finding.section}: {finding.what}".replace("_", " "),
                    _number(finding),
                    _asked(finding),
                    str(finding.n),
                    finding.excuse or "not explained",
                )
                for finding in missed
            ],
        ),
        _table(
            ("", "measured", "n", ""),
            [
                (finding.what, f"{_number(finding)} {finding.unit}", str(finding.n), finding.note)
                for finding in findings
                if finding.section in {"Detection and mesh", "Landmarks", "Age"}
            ],
        ),
        _table(
            ("ITA stays in its interval", "share", "n"),
            [
                (
                    finding.what.removeprefix("ITA after ").replace("_", " "),
                    _share(finding),
                    str(finding.n),
                )
                for finding in findings
                if finding.section == "Tone class"
            ],
        ),
        _table(
            ("refused, but for the size of the photo", "share", "n"),
            [
                (finding.what.replace("monk_", "Monk "), _share(finding), str(finding.n))
                for finding in findings
                if finding.section.startswith("Refused")
            ],
        ),
    ]


def _concern(name: str, findings: Sequence[Finding]) -> tuple[str, ...]:
    def those(section: str) -> list[Finding]:
        return [
            finding
            for finding in findings
            if finding.section == section and finding.what.split(":")[0] == name and finding.n
        ]

    measured = those("Measured at all")
    own = "; ".join(
        f"{finding.what.split(': ')[1].replace('_', ' ')} {_share(finding)}"
        for finding in those("Own edit")
    )
    steady, tones = (
        sorted(
            (finding for finding in those(section) if finding.value is not None),
            key=lambda f: -(f.value or 0),
        )
        for section in ("Nuisance", "Skin tone")
    )
    return (
        f"`{name}`",
        f"{_share(measured[0])} of {measured[0].n}" if measured else "",
        own,
        _spread(steady),
        _spread([finding for finding in tones if finding.met is not None]),
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


def _share(finding: Finding) -> str:
    if finding.value is None:
        return "-"
    low, high = stats.binomtest(round(finding.value * finding.n), finding.n).proportion_ci(
        method="wilson"
    )
    return f"{finding.value:.2f} ({low:.2f}-{high:.2f})" + (
        "" if finding.section != "Own edit" else f" n {finding.n}"
    )


def _number(finding: Finding) -> str:
    return "not measured" if finding.value is None else f"{finding.value:.3f}"


def _asked(finding: Finding) -> str:
    return f">= {finding.least:g}" if finding.least is not None else f"<= {finding.most:g}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
