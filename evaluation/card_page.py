"""docs/card.md, made of the card: groups and shares, never a photo."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from evaluation.photos import ROOT
from facet.domain.card import (
    ALL,
    FEWEST,
    Agreement,
    Card,
    CardMeasure,
    Coverage,
    Interval,
    PhotoSet,
    Refused,
    Repeat,
    ToneGroup,
)
from facet.saying import plain, say

PAGE = ROOT / "docs" / "card.md"
GROUPS: dict[ToneGroup, str] = {
    "above_55": "ITA above 55",
    "28_to_55": "28 to 55",
    "10_to_28": "10 to 28",
    "below_10": "below 10",
}


def page(card: Card) -> str:
    """The card as Markdown: its tables in the prose of card.template.md."""
    repeated = [measure for measure in card.measures if measure.repeats]
    agreed = [measure for measure in card.measures if measure.agreements]
    text = Path(__file__).with_name("card.template.md").read_text(encoding="utf-8")
    return text.format(
        made_on=card.made_on.isoformat(),
        versions=", ".join(f"{plain(name)} {version}" for name, version in card.versions.items()),
        fewest=FEWEST,
        photos=_table(
            ("set", "people", "photos", "read", "gates", "what they are"),
            [_set(photos) for photos in card.photos],
        ),
        numbers=_table(
            (
                *("measure", "unit", "people, pairs", "ICC", "sd within a person"),
                *("median difference", "19 of 20 within", "median in `minimum_change`"),
                "pairs beyond `minimum_change`",
            ),
            [_number(measure, repeat) for measure, repeat in _of_all(repeated)],
        ),
        numbers_by_tone=_by_tone(repeated, lambda measure: measure.repeats, _spread),
        names=_table(
            ("name", "which", "people, pairs", "agree", "strangers"),
            [
                _name(measure, row)
                for measure in agreed
                for row in measure.agreements
                if row.tone_group == ALL
            ],
        ),
        names_by_tone=_by_tone(
            agreed,
            lambda measure: [row for row in measure.agreements if row.of == "first"],
            _same,
        ),
        labels=_table(
            ("measure", "label", "set", "photos", "Spearman's rho"),
            [
                (
                    f"`{measure.name}`",
                    row.label,
                    plain(row.photos),
                    str(row.n),
                    _between(row.rho, row.rho_interval),
                )
                for measure in card.measures
                for row in measure.labels
            ],
        ),
        coverage="\n\n".join(_coverage(card, photos.name) for photos in card.photos),
        refused=_grid(
            [
                (plain(photos.name), [row for row in card.refused if row.photos == photos.name])
                for photos in card.photos
            ],
            _refused,
        ),
        not_measured="\n".join(
            line for measure in card.measures for line in _not_measured(measure)
        ),
    )


def _set(photos: PhotoSet) -> tuple[str, ...]:
    about = say(f"capability.photos.{photos.name}")
    numbers = map(str, (photos.people, photos.photos, photos.read))
    return (plain(photos.name), *numbers, photos.preset, about)


def _not_measured(measure: CardMeasure) -> Iterator[str]:
    if measure.code == "too_small":
        yield f"- `{measure.name}`: {say('capability.too_small')}"
    if measure.without:
        parts = ", ".join(f"`{name}`" for name in measure.without)
        yield f"- `{measure.name}` has figures, but without what {parts} would have given to it."


def _of_all(measures: Iterable[CardMeasure]) -> Iterator[tuple[CardMeasure, Repeat]]:
    for measure in measures:
        for repeat in measure.repeats:
            if repeat.tone_group == ALL:
                yield measure, repeat


def _number(measure: CardMeasure, repeat: Repeat) -> tuple[str, ...]:
    half = " (judged half)" if measure.half == "judged" else ""
    head = (f"`{measure.name}`{half}", measure.unit, f"{repeat.people}, {repeat.pairs}")
    if repeat.status == "too_few":
        return (*head, *("too few",) * 4, "", "")
    return (
        *head,
        _between(repeat.icc, repeat.icc_interval),
        _between(repeat.sd, repeat.sd_interval),
        _plain(repeat.median),
        _between(repeat.within_95, repeat.within_95_interval),
        _plain(repeat.minimum_changes),
        _percent(repeat.beyond_minimum_change),
    )


def _spread(repeat: Repeat) -> str:
    if repeat.status == "too_few":
        return f"too few ({repeat.people})"
    icc = _between(repeat.icc, repeat.icc_interval)
    return f"sd {_plain(repeat.sd)}, ICC {icc}, n {repeat.people}"


def _name(measure: CardMeasure, row: Agreement) -> tuple[str, ...]:
    half = " (judged half)" if measure.half == "judged" else ""
    head = (f"`{measure.name}`{half}", row.of, f"{row.people}, {row.pairs}")
    if row.status == "too_few":
        return (*head, "too few", "")
    return (*head, _share(row.same, row.same_interval), _percent(row.strangers))


def _same(row: Agreement) -> str:
    if row.status == "too_few":
        return f"too few ({row.people})"
    share = _share(row.same, row.same_interval)
    return f"{share}; strangers {_percent(row.strangers)}, n {row.people}"


def _coverage(card: Card, name: str) -> str:
    rows = [
        (f"`{measure.name}`", [row for row in measure.coverage if row.photos == name])
        for measure in card.measures
    ]
    return f"### {plain(name).capitalize()}\n\n{_grid(rows, _covered)}"


def _covered(row: Coverage) -> str:
    if row.status == "too_few":
        return f"too few ({row.n})"
    told = f"{_share(row.measured, row.measured_interval)}, n {row.n}"
    return told if row.named is None else f"{told}; named {_percent(row.named)}"


def _refused(row: Refused) -> str:
    if row.status == "too_few":
        return f"too few ({row.n})"
    return f"{_share(row.refused, row.refused_interval)}, n {row.n}"


def _by_tone[Row: Repeat | Agreement](
    measures: Iterable[CardMeasure],
    rows: Callable[[CardMeasure], Sequence[Row]],
    told: Callable[[Row], str],
) -> str:
    return _table(
        ("measure", *GROUPS.values()),
        [
            (
                f"`{measure.name}`",
                *(told(row) for row in rows(measure) if row.tone_group in GROUPS),
            )
            for measure in measures
        ],
    )


def _grid[Row: Coverage | Refused](
    rows: Sequence[tuple[str, Sequence[Row]]], told: Callable[[Row], str]
) -> str:
    """A row for each name: all photos, then the tone groups."""
    return _table(
        ("", "all", *GROUPS.values()), [(name, *(told(row) for row in of)) for name, of in rows]
    )


def _between(value: float | None, interval: Interval | None) -> str:
    if value is None or interval is None:
        return ""
    return f"{_plain(value)} ({_plain(interval[0])} to {_plain(interval[1])})"


def _plain(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def _share(value: float | None, interval: Interval | None) -> str:
    if value is None or interval is None:
        return ""
    low, high = (f"{100 * end:.0f}" for end in interval)
    return f"{100 * value:.0f} % ({low} to {high})"


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.0f} %"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
